using Dlc.Compiler.Onnx.Symbolic;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX If. Where the condition is known (a constant, or sizes that the facts decide) only the branch that runs is imported. Otherwise both become
/// regions, and axes on which they differ get symbols.
/// </summary>
internal sealed class IfOperator : IOnnxOperator
{
    public string Type => "If";

    public void Import(OnnxNode node)
    {
        var (then, otherwise) = (node.GraphAttribute("then_branch"), node.GraphAttribute("else_branch"));
        var condition = node.KnownDim(0);
        var truth = condition is null ? Proof.Unknown : node.Facts.ProveEqual(condition, node.Dims.Zero);
        if (truth != Proof.Unknown)
        {
            var results = RegionImporter.Import(node, truth == Proof.True ? otherwise : then, node.Builder, []);
            Expect(node, results.Length);
            for (var i = 0; i < results.Length; i++)
            {
                node.SetOutput(i, results[i]);
            }

            return;
        }

        var source = $"a branch of {node.Type} '{node.Origin}'";
        GraphBuilder[] builders = [new(node.Builder.Module, node.Facts.Clone()), new(node.Builder.Module, node.Facts.Clone())];
        if (condition is not null)
        {
            node.Session.Truths.TryAssume(builders[0].Facts, condition, true, source);
            node.Session.Truths.TryAssume(builders[1].Facts, condition, false, source);
        }

        OnnxValue[][] branches = [RegionImporter.Import(node, then, builders[0], []), RegionImporter.Import(node, otherwise, builders[1], [])];
        Expect(node, branches[0].Length);
        Expect(node, branches[1].Length);
        var values = Emit(node, condition, [.. Enumerable.Range(0, node.OutputCount).Select(node.OutputName)], builders, branches, (_, _) => new SplitNodeException(node, then, otherwise));
        for (var i = 0; i < values.Length; i++)
        {
            node.SetOutput(i, values[i]);
        }
    }

    /// <summary>
    /// Joins what two branches give: sizes by the condition where that is a matter of sizes too, the rest as results of one node.
    /// <paramref name="misfit"/> makes the exception for ranks that differ.
    /// </summary>
    public static OnnxValue[] Emit(
        OnnxNode node, Dim? condition, IReadOnlyList<string> names, GraphBuilder[] builders, OnnxValue[][] branches, Func<int, int, Exception> misfit)
    {
        var values = new OnnxValue[branches[0].Length];
        var data = new List<int>();
        for (var i = 0; i < values.Length; i++)
        {
            var (a, b) = (branches[0][i], branches[1][i]);
            if (!a.IsTensor || !b.IsTensor)
            {
                throw node.Unsupported("a sequence or optional that data chooses");
            }

            if (a.Type.Rank != b.Type.Rank)
            {
                throw misfit(a.Type.Rank, b.Type.Rank);
            }

            if (Merge(node, condition, a.Contents, b.Contents) is { } contents)
            {
                values[i] = new OnnxValue(node.Builder, contents, names[i]);
            }
            else
            {
                data.Add(i);
            }
        }

        if (data.Count == 0)
        {
            return values;
        }

        var symbols = new Dictionary<(Dim Then, Dim Else), Dim>();
        var shapes = data.Select(i => Unify(node, i, branches[0][i].Type, branches[1][i].Type, builders, symbols)).ToValueList();
        var regions = builders.Select((b, side) => b.Build([.. data.Select(i => branches[side][i].Value)])).ToArray();
        var result = node.EmitNode(new If(shapes), [RegionImporter.ToScalar(node, node.Builder, node.Input(0), ElementType.Bool)], regions);
        for (var i = 0; i < data.Count; i++)
        {
            if (names[data[i]].Length > 0)
            {
                GraphBuilder.Name(result.Outputs[i], names[data[i]]);
            }

            values[data[i]] = new OnnxValue(node.Builder, result.Outputs[i]);
        }

        return values;
    }

    /// <summary>A branch has as many outputs as the node.</summary>
    public static void Expect(OnnxNode node, int outputs)
    {
        if (outputs != node.OutputCount)
        {
            throw node.Error($"has {node.OutputCount} outputs, but a branch with {outputs}");
        }
    }

    /// <summary>Sizes that both branches give are chosen by the condition where that is a matter of sizes too.</summary>
    private static SymbolicTensor? Merge(OnnxNode node, Dim? condition, SymbolicTensor? then, SymbolicTensor? otherwise)
    {
        if (then is null || otherwise is null || then.Element != otherwise.Element || then.Dims != otherwise.Dims || then.Element.IsFloat())
        {
            return null;
        }

        if (then.Elements == otherwise.Elements)
        {
            return then;
        }

        if (condition is null || then.IsConstant != otherwise.IsConstant)
        {
            return null;
        }

        var math = new SymbolicArithmetic(node, then.Element);
        var elements = then.Elements.Items.Zip(otherwise.Elements.Items, (a, b) => math.Where(condition, a, b)).ToList();
        return elements.Contains(null) ? null : then with { Elements = elements.Select(e => e!).ToValueList() };
    }

    private static Shape Unify(
        OnnxNode node, int output, TensorType then, TensorType otherwise, GraphBuilder[] builders, Dictionary<(Dim Then, Dim Else), Dim> symbols)
    {
        if (then.Element != otherwise.Element)
        {
            throw node.Error($"gives {then} or {otherwise} as output {output}", ErrorCodes.BadOperands);
        }

        var dims = new Dim[then.Rank];
        for (var axis = 0; axis < dims.Length; axis++)
        {
            var (a, b) = (then.Shape[axis], otherwise.Shape[axis]);
            if (ReferenceEquals(a, b) || node.Facts.ProveEqual(a, b) == Proof.True)
            {
                dims[axis] = a;
            }
            else if (!symbols.TryGetValue((a, b), out dims[axis]!))
            {
                dims[axis] = node.Dims.FreshSymbol("n");
                var (rangeA, rangeB) = (builders[0].Facts.Range(a), builders[1].Facts.Range(b));
                node.Facts.AssumeRange(dims[axis], Math.Max(0, Math.Min(rangeA.Minimum, rangeB.Minimum)), Math.Max(rangeA.Maximum, rangeB.Maximum),
                    $"{node.Type} '{node.Origin}'");
                symbols.Add((a, b), dims[axis]);
            }
        }

        return new Shape([.. dims]);
    }
}
