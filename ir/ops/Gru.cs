using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// Gated recurrent unit (ONNX GRU), a <see cref="Recurrence"/> with gates z, r, h; state hidden; activations f, g. With
/// <paramref name="ResetsAfter"/> (linear_before_reset) the reset gate scales the recurrent product instead of the hidden state, and the
/// extra input <c>[D, H]</c> holds the recurrent bias of h, which is scaled with it.
/// </summary>
public sealed record Gru(ValueList<bool> IsReverse, ValueList<RecurrentFunction> Functions, ValueList<double> Alphas,
    ValueList<double> Betas, double Clip, bool HasLengths, bool ResetsAfter)
    : Recurrence(IsReverse, Functions, Alphas, Betas, Clip, HasLengths)
{
    protected override int Gates => 3;

    protected override int States => 1;

    protected override int FunctionsPerDirection => 2;

    protected override int ExtraRank => ResetsAfter ? 2 : 0;

    protected override double[][] Step(int direction, double[][] states, Func<int, int, double> x,
        Func<double[], int, int, double> recur, Tensor? extra)
    {
        var (h, hidden) = (states[0], states[0].Length);
        var (z, r) = (new double[hidden], new double[hidden]);
        for (var v = 0; v < hidden; v++)
        {
            z[v] = Activate(direction, 0, x(0, v) + recur(h, 0, v));
            r[v] = Activate(direction, 0, x(1, v) + recur(h, 1, v));
        }

        double[] reset = [.. Enumerable.Range(0, hidden).Select(v => r[v] * h[v])];
        var next = new double[hidden];
        for (var v = 0; v < hidden; v++)
        {
            var recurrent = ResetsAfter ? r[v] * (recur(h, 2, v) + extra!.GetDouble((direction * hidden) + v)) : recur(reset, 2, v);
            next[v] = ((1 - z[v]) * Activate(direction, 1, x(2, v) + recurrent)) + (z[v] * h[v]);
        }

        return [next];
    }

    protected override void Step(RecurrentStep step)
    {
        var k = step.Kernel;
        var one = ExprFactory.Float(1, step.Type);
        Expr State(int row, Expr v) => ExprFactory.Load(step.State(0), step.At(row, v));
        void Finish(int row, Expr v, Expr z, Expr candidate) => step.Next(0, row, v, ((one - z) * candidate) + (z * State(row, v)));
        if (ResetsAfter)
        {
            step.ForEachUnit(v =>
            {
                var gates = step.Recur(step.State(0), 0, 3, (row, gate) => gate == 2 ? step.Extra(1, 0, v) : step.Input(row, gate, v));
                for (var row = 0; row < step.Rows; row++)
                {
                    var z = k.Let(Activate(step, 0, gates[row][0]));
                    Finish(row, v, z, Activate(step, 1, step.Input(row, 2, v) + (Activate(step, 0, gates[row][1]) * gates[row][2])));
                }
            });
            return;
        }

        var (update, reset) = (step.Scratch("update"), step.Scratch("reset"));
        step.ForEachUnit(v =>
        {
            var gates = step.Recur(step.State(0), 0, 2, (row, gate) => step.Input(row, gate, v));
            for (var row = 0; row < step.Rows; row++)
            {
                k.Store(update, step.At(row, v), Activate(step, 0, gates[row][0]));
                k.Store(reset, step.At(row, v), Activate(step, 0, gates[row][1]) * State(row, v));
            }
        });
        step.ForEachUnit(v =>
        {
            var gates = step.Recur(reset, 2, 1, (row, gate) => step.Input(row, gate, v));
            for (var row = 0; row < step.Rows; row++)
            {
                Finish(row, v, k.Let(ExprFactory.Load(update, step.At(row, v))), Activate(step, 1, gates[row][0]));
            }
        });
    }

    internal override Value[] Step(RecurrentLoop.Step step)
    {
        var (h, w) = (step.State(0), step.Writer);
        var gates = step.Recur(h, 0, ResetsAfter ? 3 : 2);
        var z = step.Activate(0, w.Plus(step.Input(0), gates[0]));
        var r = step.Activate(0, w.Plus(step.Input(1), gates[1]));
        var recurrent = ResetsAfter ? w.Times(r, w.Plus(gates[2], step.Extra(0))) : step.Recur(w.Times(r, h), 2, 1)[0];
        var candidate = step.Activate(1, w.Plus(step.Input(2), recurrent));
        return [w.Plus(w.Times(w.Minus(1, z), candidate), w.Times(z, h))];
    }
}
