using Dlc.Compiler.Onnx.Proto;
using Dlc.Peers;

namespace Dlc.Conformance;

/// <summary>Runs one case on one engine and judges what came out.</summary>
internal static class CaseRunner
{
    private static readonly HashSet<string> Random = new(StringComparer.Ordinal)
    {
        "Bernoulli", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial",
    };

    private static readonly HashSet<string> Transforms = new(StringComparer.Ordinal) { "DFT", "STFT" };

    /// <summary>Never throws: whatever goes wrong is the verdict.</summary>
    public static Verdict Run(string folder, IEngine engine)
    {
        try
        {
            return Judge(folder, engine);
        }
        catch (UnsupportedModelException e)
        {
            return new Verdict(Outcome.Unsupported, e.Message);
        }
        catch (Exception e)
        {
            return new Verdict(Outcome.Fail, $"{e.GetType().Name}: {e.Message}");
        }
    }

    private static Verdict Judge(string folder, IEngine engine)
    {
        var path = Path.Combine(folder, "model.onnx");
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        var nodes = Nodes(proto).ToList();
        var tolerance = nodes.Any(n => Transforms.Contains(n.OpType)) ? Tolerance.Operator with { Absolute = 1e-3 } : Tolerance.Operator;
        var values = !nodes.Any(IsRandom);
        var sets = Directory.GetDirectories(folder, "test_data_set_*").Order(StringComparer.Ordinal).ToList();
        if (sets.Count == 0)
        {
            return new Verdict(Outcome.Fail, "there is no test_data_set_N");
        }

        using var model = engine.Load(path);
        foreach (var set in sets)
        {
            var outputs = model.Run(TestData.Inputs(proto.Graph, set)).Zip(model.Outputs).ToDictionary(p => p.Second, p => p.First);
            foreach (var (name, expected) in TestData.Outputs(proto.Graph, set))
            {
                if (!outputs.TryGetValue(name, out var found))
                {
                    return new Verdict(Outcome.Fail, $"output '{name}' is missing");
                }

                if (Comparison.Difference(expected, found, tolerance, values) is { } difference)
                {
                    return new Verdict(Outcome.Fail, $"output '{name}'{(sets.Count > 1 ? $" of {Path.GetFileName(set)}" : "")}: {difference}");
                }
            }
        }

        return new Verdict(Outcome.Pass);
    }

    private static bool IsRandom(NodeProto node) =>
        Random.Contains(node.OpType) || (node.OpType == "Dropout" && node.Input.Count > 2 && node.Input[2].Length > 0);

    private static IEnumerable<NodeProto> Nodes(ModelProto model)
    {
        var pending = new Stack<NodeProto>(model.Graph.Node.Concat(model.Functions.SelectMany(f => f.Node)));
        while (pending.TryPop(out var node))
        {
            yield return node;
            foreach (var inner in node.Attribute.SelectMany(a => a.G is null ? a.Graphs : a.Graphs.Append(a.G)).SelectMany(g => g.Node))
            {
                pending.Push(inner);
            }
        }
    }
}
