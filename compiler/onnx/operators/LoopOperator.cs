using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX Loop. Carried tensors that every iteration hands on as they are become plain values from outside. Within the body the condition is true:
/// otherwise it would not run.
/// </summary>
internal sealed class LoopOperator : IOnnxOperator
{
    public string Type => "Loop";

    public void Import(OnnxNode node)
    {
        var graph = node.GraphAttribute("body");
        var carried = Math.Max(0, node.InputCount - 2);
        var scanned = graph.Output.Count - 1 - carried;
        if (graph.Input.Count != 2 + carried || scanned < 0 || node.OutputCount > carried + scanned)
        {
            throw node.Error($"carries {carried} tensors and has {node.OutputCount} outputs, but a body of {graph.Input.Count} inputs and {graph.Output.Count} outputs");
        }

        var kept = KeptAsIs(graph, carried);
        var changing = Enumerable.Range(0, carried).Where(i => !kept[i]).ToArray();
        var trips = node.HasInput(0) ? Scalar(node, node.Input(0), ElementType.Int64) : node.Emit(Tensor.Scalar(long.MaxValue));
        var condition = node.HasInput(1) ? Scalar(node, node.Input(1), ElementType.Bool) : node.Scalar(ElementType.Bool, 1);
        var results = new LoopImporter(node, node.Builder).Run(trips, KnownTrips(node), condition, IsStarted(node),
            [.. changing.Select(i => node.Input(2 + i))], ImportBody);
        for (var i = 0; i < changing.Length; i++)
        {
            node.SetOutput(changing[i], results[i]);
        }

        for (var i = 0; i < carried; i++)
        {
            if (kept[i])
            {
                node.SetOutput(i, node.Argument(2 + i));
            }
        }

        for (var i = 0; i < scanned; i++)
        {
            node.SetOutput(carried + i, results[changing.Length + i]);
        }

        LoopImporter.Body ImportBody(GraphBuilder builder, Value iteration, Value[] values)
        {
            var always = new OnnxValue(builder, Tensor.Scalar(ElementType.Bool, 1), null);
            var inputs = new List<OnnxValue> { new(builder, iteration), always };
            var next = 0;
            for (var i = 0; i < carried; i++)
            {
                inputs.Add(kept[i] ? node.Argument(2 + i) : new OnnxValue(builder, values[next++]));
            }

            var outputs = RegionImporter.Import(node, graph, builder, inputs);
            return new(outputs[0], [.. changing.Select(i => outputs[1 + i].Value)], [.. outputs[(1 + carried)..].Select(o => o.Value)]);
        }
    }

    /// <summary>Which carried tensors the body's output takes from its own input, through Identity at most.</summary>
    private static bool[] KeptAsIs(GraphProto graph, int carried)
    {
        var sources = graph.Node.Where(n => n.OpType == "Identity" && n.Input.Count == 1 && n.Output.Count == 1)
            .GroupBy(n => n.Output[0], n => n.Input[0], StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        var kept = new bool[carried];
        for (var i = 0; i < carried; i++)
        {
            var name = graph.Output[1 + i].Name;
            for (var steps = 0; steps <= sources.Count && sources.TryGetValue(name, out var source); steps++)
            {
                name = source;
            }

            kept[i] = name == graph.Input[2 + i].Name;
        }

        return kept;
    }

    private static Value Scalar(OnnxNode node, Value value, ElementType element) => RegionImporter.ToScalar(node, node.Builder, value, element);

    private static Dim? KnownTrips(OnnxNode node) => !node.HasInput(0) || node.KnownDim(0) is not { } trips ? null
        : node.Facts.ProveLessOrEqual(node.Dims.Zero, trips) == Proof.True ? trips : trips.Max(0);

    private static bool IsStarted(OnnxNode node) => !node.HasInput(1) || (node.Constant(1) is { Count: 1 } start && start.GetLong(0) != 0);
}
