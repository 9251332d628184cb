using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Autodiff;

/// <summary>
/// The derivative of a <see cref="Loop"/>: a loop over the same iterations from the last to the first. Each computes its iteration again from the carried
/// tensors that were kept (see <see cref="KeepTapes"/>) and then its gradients. It carries the gradients of the carried tensors and the sums of those of the
/// values that the body reads around it; of a value that is read slice by slice (what a Scan scans) it gives the slices' gradients instead.
/// </summary>
internal static class LoopGradient
{
    public static void Append(Backward outer, OpWriter writer, Differentiation shared, Node node, Loop loop, Value?[] gradients)
    {
        if (!shared.Tapes.TryGetValue(node, out var results))
        {
            throw DifferentiateContext.NoDerivative("it carries a tensor whose size changes");
        }

        var (body, isActive) = (node.Regions[0], outer.Activity.CarriedBy(node, loop));
        int[] active = [.. Enumerable.Range(0, loop.Carried).Where(i => isActive[i])];
        var inner = LoopWriter.Begin(writer, loop.Trips);
        var step = inner.Builder.Input(new TensorType(ElementType.Int64, []));
        Value[] incoming = [.. active.Select(i => inner.Builder.Input(body.Inputs[1 + i].Type))];

        var iteration = inner.Minus(inner.Number(loop.Trips - 1, ElementType.Int64), step);
        Value At(Value stacked) => inner.Emit(new Gather(0), stacked, iteration);
        Value[] found = [.. Enumerable.Range(0, loop.Carried).Select(i => At(node.Outputs[results + i]))];
        var captures = Graph.Captures(node).Where(outer.Activity.Contains).ToArray();
        var copy = shared.Recompute(
            inner.Builder, body, [iteration, .. found], [.. captures, .. active.Select(i => found[i])]);
        var slices = Slices(copy.Nodes, captures, iteration);
        var backward = new Backward(inner.Builder, shared, copy.Nodes,
            [.. captures, .. active.Select(i => found[i]), .. slices.Select(s => s.Output)], copy.Outputs);
        for (var i = 0; i < active.Length; i++)
        {
            backward.Contribute(copy.Outputs[active[i]], incoming[i]);
        }

        for (var i = loop.Carried; i < results; i++)
        {
            if (gradients[i] is { } gradient)
            {
                backward.Contribute(copy.Outputs[i], At(gradient));
            }
        }

        backward.Run();
        var next = active.Select(i => backward.Gradient(found[i]) ?? inner.Zeros(found[i].Type)).ToList();
        var initial = active.Select(i => gradients[i] ?? writer.Zeros(node.Outputs[i].Type)).ToList();
        var summed = captures.Where(c => backward.Gradient(c) is not null).ToArray();
        foreach (var capture in summed)
        {
            next.Add(inner.Plus(inner.Builder.Input(capture.Type), backward.Gradient(capture)!));
            initial.Add(writer.Zeros(capture.Type));
        }

        var scanned = slices.Where(s => backward.Gradient(s.Output) is not null).ToArray();
        if (initial.Count + scanned.Length == 0)
        {
            return;
        }

        var made = LoopWriter.End(writer, inner, loop.Trips, initial, next, [.. scanned.Select(s => backward.Gradient(s.Output)!)]);
        for (var i = 0; i < active.Length; i++)
        {
            outer.Contribute(node.Inputs[active[i]], made[i]);
        }

        for (var i = 0; i < summed.Length; i++)
        {
            outer.Contribute(summed[i], made[active.Length + i]);
        }

        for (var i = 0; i < scanned.Length; i++)
        {
            var (capture, axis) = (scanned[i].Inputs[0], ((Gather)scanned[i].Op).Axis);
            outer.Contribute(capture, Whole(writer, made[initial.Count + i], capture.Type.Shape, axis, loop.Trips));
        }
    }

    /// <summary>The nodes that read the slice of a captured value at the iteration number.</summary>
    private static Node[] Slices(IReadOnlyList<Node> nodes, Value[] captures, Value iteration) =>
        [.. nodes.Where(n => n.Op is Gather && captures.Contains(n.Inputs[0]) && n.Inputs[1] == iteration)];

    /// <summary>The gradient of a value from those of its slices, which are stacked from the last to the first; what no iteration read has none.</summary>
    private static Value Whole(OpWriter writer, Value stacked, Shape shape, int axis, Dim trips)
    {
        var whole = writer.Permuted(writer.Reversed(stacked, 0), [.. Enumerable.Range(1, axis), 0, .. Enumerable.Range(axis + 1, shape.Rank - axis - 1)]);
        if (writer.AreEqual(shape[axis], trips))
        {
            return whole;
        }

        var none = Enumerable.Repeat(writer.Dims.Zero, shape.Rank).ToArray();
        return writer.Padded(whole, none, [.. none.Select((zero, a) => a == axis ? shape[axis] - trips : zero)]);
    }
}
