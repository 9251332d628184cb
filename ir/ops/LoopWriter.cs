using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>Writes a <see cref="Loop"/> whose number of iterations is a dim and whose carried tensors keep their shapes.</summary>
public static class LoopWriter
{
    /// <summary>
    /// One iteration: gets a writer into the body, the iteration number (i64 scalar) and the carried tensors, and gives the next ones and a slice for each
    /// scanned result.
    /// </summary>
    public delegate (Value[] Next, Value[] Scanned) Body(OpWriter writer, Value iteration, Value[] carried);

    /// <summary>Appends the loop and gives the last carried tensors, then the slices stacked along a new leading axis of <paramref name="trips"/>.</summary>
    public static Value[] Run(OpWriter writer, Dim trips, IReadOnlyList<Value> initial, Body body)
    {
        var inner = Begin(writer, trips);
        var iteration = inner.Builder.Input(new TensorType(ElementType.Int64, []));
        var carried = initial.Select(value => inner.Builder.Input(value.Type)).ToArray();
        var (next, scanned) = body(inner, iteration, carried);
        return End(writer, inner, trips, initial, next, scanned);
    }

    /// <summary>A writer into the body of a loop that <see cref="End"/> closes; whoever asks adds the body's inputs.</summary>
    public static OpWriter Begin(OpWriter writer, Dim trips)
    {
        var facts = writer.Facts.Clone();
        if (!trips.IsConstant && facts.ProveLess(trips, 1) != Proof.True)
        {
            facts.AssumeRange(trips, 1, long.MaxValue, "an iteration of a loop");
        }

        return writer.Into(new GraphBuilder(writer.Builder.Module, facts));
    }

    /// <summary>Closes a loop whose body has the inputs iteration and one of the type of each initial tensor.</summary>
    public static Value[] End(OpWriter writer, OpWriter inner, Dim trips, IReadOnlyList<Value> initial, IReadOnlyList<Value> next, IReadOnlyList<Value> scanned)
    {
        var region = inner.Builder.Build([.. next, .. scanned]);
        var shapes = initial.Select(v => v.Type.Shape).Concat(scanned.Select(v => v.Type.Shape)).ToValueList();
        return [.. writer.EmitNode(new Loop(initial.Count, trips, shapes, IsCounted: true), [.. initial], region).Outputs];
    }
}
