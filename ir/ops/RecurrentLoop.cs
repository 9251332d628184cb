using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>Writes a <see cref="Recurrence"/> as loops of primitives over the steps, one a direction: what has derivatives.</summary>
internal sealed class RecurrentLoop(OpWriter writer, Recurrence op, IReadOnlyList<Value> inputs, int states)
{
    private readonly ElementType _element = inputs[0].Type.Element;
    private readonly Shape _x = inputs[0].Type.Shape;

    /// <summary>The results of the operator.</summary>
    public Value[] Write()
    {
        var directions = Enumerable.Range(0, op.IsReverse.Count).Select(Direction).ToArray();
        Value Joined(int result, int axis) => directions.Length == 1 ? directions[0][result] : writer.Emit(new Concat(axis), [.. directions.Select(d => d[result])]);
        return [.. Enumerable.Range(0, states + 1).Select(i => writer.As(Joined(i, i == 0 ? 1 : 0), _element))];
    }

    /// <summary>The results of one direction: outputs <c>[T, 1, B, H]</c>, last states <c>[1, B, H]</c>.</summary>
    private Value[] Direction(int d)
    {
        var (steps, batch, gates, hidden) = (_x[0], _x[1], _x[3], _x[4]);
        Value Of(Value value, int axis, Shape shape) => writer.Shaped(writer.Sliced(Widened(value), axis, writer.Dims.Const(d), writer.Dims.One), shape);
        var lengths = op.LengthsOf(inputs) is { } given
            ? writer.Emit(new Min(), writer.Emit(new Max(), given, writer.Scalar(ElementType.Int64, 0)), writer.Number(steps, ElementType.Int64)) : null;
        Value Turned(Value value) => !op.IsReverse[d] ? value : lengths is null ? writer.Reversed(value, 0) : writer.Emit(new ReverseSequence(0, 1), value, lengths);

        var x = Turned(Of(inputs[0], 2, [steps, batch, gates, hidden]));
        var weights = Weights(d);
        var extra = op.ExtraOf(inputs) is { } e ? Of(e, 0, new Shape(e.Type.Shape.Dims[1..])) : null;
        var initial = Enumerable.Range(0, states).Select(i => Of(inputs[2 + i], 0, [batch, hidden])).ToArray();
        var results = LoopWriter.Run(writer, steps, initial, (w, iteration, carried) =>
        {
            var step = new Step(w, op, d, carried, w.Emit(new Gather(0), x, iteration), weights, extra);
            var next = op.Step(step);
            if (lengths is null)
            {
                return (next, [next[0]]);
            }

            // Past its end a sequence keeps its states and puts out zeros.
            var isRunning = w.Shaped(w.IsLess(iteration, lengths), [batch, w.Dims.One]);
            return ([.. next.Select((n, i) => w.Choose(isRunning, n, carried[i]))], [w.Choose(isRunning, next[0], 0)]);
        });
        var (one, outputs) = (writer.Dims.One, Turned(results[states]));
        return [writer.Shaped(outputs, [steps, one, batch, hidden]), .. results[..states].Select(s => writer.Shaped(s, [one, batch, hidden]))];
    }

    /// <summary>The recurrent weights of a direction, out of their blocks: <c>[from, gates, units]</c>.</summary>
    private Value Weights(int d)
    {
        var (r, gates, hidden) = (inputs[1].Type.Shape, _x[3], _x[4]);
        var own = writer.Sliced(Widened(inputs[1]), 0, writer.Dims.Const(d), writer.Dims.One);

        // [1, blocks, from, gates, units of a block] to [from, gates, blocks, units of a block].
        var flat = writer.Permuted(writer.Shaped(own, [r[1], r[2], gates, r[4]]), 1, 2, 0, 3);
        return writer.Sliced(writer.Shaped(flat, [hidden, gates, r[1] * r[4]]), 2, writer.Dims.Zero, hidden);
    }

    private Value Widened(Value value) => writer.As(value, OpWriter.Wide(_element));

    /// <summary>One step of one direction.</summary>
    internal sealed class Step(OpWriter writer, Recurrence op, int direction, Value[] states, Value x, Value weights, Value? extra)
    {
        /// <summary>Where the operators of the step go.</summary>
        public OpWriter Writer => writer;

        /// <summary>A state before the step, <c>[B, H]</c>.</summary>
        public Value State(int i) => states[i];

        /// <summary>The projections of a gate, <c>[B, H]</c>.</summary>
        public Value Input(int gate)
        {
            var shape = x.Type.Shape;
            return writer.Shaped(writer.Sliced(x, 1, writer.Dims.Const(gate), writer.Dims.One), [shape[0], shape[2]]);
        }

        /// <summary>The products of vectors <c>[B, H]</c> with the recurrent weights of some gates, computed as one.</summary>
        public Value[] Recur(Value vectors, int first, int count)
        {
            var (shape, gates) = (weights.Type.Shape, writer.Dims.Const(count));
            var own = writer.Shaped(writer.Sliced(weights, 1, writer.Dims.Const(first), gates), [shape[0], gates * shape[2]]);
            var product = writer.Emit(new MatMul(vectors.Type.Element), vectors, own);
            return [.. Enumerable.Range(0, count).Select(g => writer.Sliced(product, 1, g * shape[2], shape[2]))];
        }

        /// <summary>A line <c>[H]</c> of the further input.</summary>
        public Value Extra(int line)
        {
            var hidden = weights.Type.Shape[2];
            return extra!.Type.Rank == 1 ? extra : writer.Shaped(writer.Sliced(extra, 0, writer.Dims.Const(line), writer.Dims.One), [hidden]);
        }

        /// <summary>An activation of the direction.</summary>
        public Value Activate(int i, Value value, bool clips = true) => op.Activate(writer, direction, i, value, clips);
    }
}
