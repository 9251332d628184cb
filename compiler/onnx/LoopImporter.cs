using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// Builds a <see cref="Loop"/> around a body. Whether the dims of a carried tensor stay from one iteration to the next is found by trying: the body is
/// imported under the assumption that all do, and again with symbols for those that did not, until nothing else changes.
/// </summary>
internal sealed class LoopImporter(OnnxNode node, GraphBuilder outer)
{
    /// <summary>What one import of the body gives.</summary>
    /// <param name="Condition">Whether to go on; a bool scalar.</param>
    /// <param name="Next">The carried tensors after the iteration.</param>
    /// <param name="Scanned">What is collected from each iteration.</param>
    public sealed record Body(OnnxValue Condition, Value[] Next, Value[] Scanned);

    /// <summary>Imports the body of a loop into a builder; given are the iteration number and the carried tensors.</summary>
    public delegate Body ImportBody(GraphBuilder builder, Value iteration, Value[] carried);

    /// <summary>Symbols of the body for dims that change.</summary>
    private readonly HashSet<Dim> _changing = [];

    private Module Module => outer.Module;

    private DimContext Dims => outer.Dims;

    /// <summary>
    /// The loop's results: the last carried tensors, then the stacked slices.
    /// </summary>
    /// <param name="trips">The greatest number of iterations, an i64 scalar.</param>
    /// <param name="knownTrips">The same as a dim, where it is known.</param>
    /// <param name="condition">Whether to start, a bool scalar.</param>
    /// <param name="isStarted">Whether the condition is known to be true at the start.</param>
    /// <param name="initial">The carried tensors before the first iteration.</param>
    /// <param name="importBody">Imports the body; called once or more.</param>
    public Value[] Run(Value trips, Dim? knownTrips, Value condition, bool isStarted, Value[] initial, ImportBody importBody)
    {
        var shapes = initial.Select(v => v.Type.Shape).ToArray();
        while (true)
        {
            var builder = new GraphBuilder(Module, outer.Facts.Clone());
            var before = Dims.Symbols.ToHashSet();
            var iteration = builder.Input(new TensorType(ElementType.Int64, []));
            var carried = initial.Select((v, i) => builder.Input(new TensorType(v.Type.Element, shapes[i]))).ToArray();
            foreach (var symbol in shapes.SelectMany((s, i) => s.Dims.Where((d, axis) => !ReferenceEquals(d, initial[i].Type.Shape[axis]))))
            {
                builder.Facts.AssumeRange(symbol, 0, long.MaxValue, $"{node.Type} '{node.Origin}'");
            }

            if (knownTrips is not null && outer.Facts.ProveLess(knownTrips, 1) != Proof.True)
            {
                builder.Facts.AssumeRange(knownTrips, 1, long.MaxValue, $"an iteration of {node.Type} '{node.Origin}'");
            }

            var body = importBody(builder, iteration, carried);
            if (!Widen(builder, shapes, carried, body.Next))
            {
                var isBounded = isStarted && body.Condition.Constant is { Count: 1 } constant && constant.GetLong(0) != 0 ? knownTrips : null;
                return Emit(builder, before, isBounded is null ? [.. initial, trips, condition] : initial, shapes, body, isBounded);
            }
        }
    }

    /// <summary>Gives symbols to the dims that an iteration changes; true if there was one.</summary>
    private bool Widen(GraphBuilder builder, Shape[] shapes, Value[] carried, Value[] next)
    {
        var isWider = false;
        for (var i = 0; i < shapes.Length; i++)
        {
            var (before, after) = (carried[i].Type, next[i].Type);
            if (before.Element != after.Element)
            {
                throw node.Error($"carries {before}, and {after} after an iteration", ErrorCodes.BadOperands);
            }

            if (before.Rank != after.Rank)
            {
                throw node.Unsupported($"a carried tensor whose rank changes from {before.Rank} to {after.Rank}");
            }

            for (var axis = 0; axis < before.Rank; axis++)
            {
                var (a, b) = (before.Shape[axis], after.Shape[axis]);
                if (!IsChanging(shapes[i][axis]) && !ReferenceEquals(a, b) && builder.Facts.ProveEqual(a, b) != Proof.True)
                {
                    var symbol = Dims.FreshSymbol("c");
                    _changing.Add(symbol);
                    shapes[i] = shapes[i].With(axis, symbol);
                    isWider = true;
                }
            }
        }

        return isWider;
    }

    private bool IsChanging(Dim dim) => _changing.Contains(dim);

    private Value[] Emit(GraphBuilder builder, HashSet<Dim> before, Value[] inputs, Shape[] shapes, Body body, Dim? knownTrips)
    {
        Value[] goesOn = knownTrips is null ? [RegionImporter.ToScalar(node, builder, body.Condition.Value, ElementType.Bool)] : [];
        var region = builder.Build([.. body.Next, .. body.Scanned, .. goesOn]);
        var source = $"{node.Type} '{node.Origin}'";
        var count = knownTrips ?? Dims.FreshSymbol("trips");
        if (knownTrips is null)
        {
            outer.Facts.AssumeRange(count, 0, long.MaxValue, source);
        }

        // What only the body knows: dims that change, and those that are bound in it.
        var inside = builder.Nodes.SelectMany(IR.NodeOrder.BoundDims).Where(d => !before.Contains(d)).Concat(_changing).ToHashSet();
        var known = new Dictionary<Dim, Dim>();
        var results = shapes.Select(shape => Outside(shape, IsChanging))
            .Concat(body.Scanned.Select(slice => Outside(new Shape([.. slice.Type.Shape.Dims.Select(builder.Facts.Simplify)]), dim => SymbolSet.Of(dim).Any(inside.Contains)))).ToValueList();
        return [.. outer.AddNode(new Loop(shapes.Length, count, results, knownTrips is not null), inputs, [region], [node.Origin]).Outputs];

        // Dims that are equal inside and do not change stay equal outside; a changing one has a last value for each tensor.
        Shape Outside(Shape shape, Func<Dim, bool> isInside) => new([.. shape.Dims.Select(dim =>
        {
            if (!isInside(dim))
            {
                return dim;
            }

            if (IsChanging(dim) || !known.TryGetValue(dim, out var symbol))
            {
                symbol = Dims.FreshSymbol("n");
                outer.Facts.AssumeRange(symbol, 0, long.MaxValue, source);
                known[dim] = symbol;
            }

            return symbol;
        })]);
    }
}
