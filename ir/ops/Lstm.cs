using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// Long short-term memory (ONNX LSTM), a <see cref="Recurrence"/> with gates i, o, f, c; states hidden and cell; activations f, g, h. With
/// <paramref name="HasPeepholes"/> the extra input <c>[D, 3, H]</c> holds peephole weights of i, o, f. With
/// <paramref name="CouplesForget"/> the forget gate is <c>1 - i</c>. The cell is not clipped on its way to h, as in ONNX Runtime.
/// </summary>
public sealed record Lstm(ValueList<bool> IsReverse, ValueList<RecurrentFunction> Functions, ValueList<double> Alphas,
    ValueList<double> Betas, double Clip, bool HasLengths, bool HasPeepholes, bool CouplesForget)
    : Recurrence(IsReverse, Functions, Alphas, Betas, Clip, HasLengths)
{
    protected override int Gates => 4;

    protected override int States => 2;

    protected override int FunctionsPerDirection => 3;

    protected override int ExtraRank => HasPeepholes ? 3 : 0;

    protected override double[][] Step(int direction, double[][] states, Func<int, int, double> x,
        Func<double[], int, int, double> recur, Tensor? extra)
    {
        var (h, c, hidden) = (states[0], states[1], states[0].Length);
        var (nextH, nextC) = (new double[hidden], new double[hidden]);
        for (var v = 0; v < hidden; v++)
        {
            double Peephole(int gate) => extra?.GetDouble((((direction * 3) + gate) * hidden) + v) ?? 0;
            double Gate(int g) => x(g, v) + recur(h, g, v);
            var i = Activate(direction, 0, Gate(0) + (Peephole(0) * c[v]));
            var f = CouplesForget ? 1 - i : Activate(direction, 0, Gate(2) + (Peephole(2) * c[v]));
            nextC[v] = (f * c[v]) + (i * Activate(direction, 1, Gate(3)));
            var o = Activate(direction, 0, Gate(1) + (Peephole(1) * nextC[v]));
            nextH[v] = o * Activate(direction, 2, nextC[v], clips: false);
        }

        return [nextH, nextC];
    }

    protected override void Step(RecurrentStep step) => step.ForEachUnit(v =>
    {
        var k = step.Kernel;
        var gates = step.Recur(step.State(0), 0, 4, (row, gate) => step.Input(row, gate, v));
        for (var row = 0; row < step.Rows; row++)
        {
            var (own, c) = (gates[row], k.Let(ExprFactory.Load(step.State(1), step.At(row, v))));
            Expr Peep(int gate, Expr cell) => HasPeepholes ? own[gate] + (step.Extra(3, gate, v) * cell) : own[gate];
            var i = k.Let(Activate(step, 0, Peep(0, c)));
            var f = CouplesForget ? ExprFactory.Float(1, step.Type) - i : Activate(step, 0, Peep(2, c));
            var next = k.Let((f * c) + (i * Activate(step, 1, own[3])));
            step.Next(1, row, v, next);
            step.Next(0, row, v, Activate(step, 0, Peep(1, next)) * Activate(step, 2, next, clips: false));
        }
    });

    internal override Value[] Step(RecurrentLoop.Step step)
    {
        var (h, c, w) = (step.State(0), step.State(1), step.Writer);
        var gates = step.Recur(h, 0, 4);
        Value Gate(int g) => w.Plus(step.Input(g), gates[g]);
        Value Peep(int g, Value cell) => HasPeepholes ? w.Plus(Gate(g), w.Times(step.Extra(g), cell)) : Gate(g);
        var i = step.Activate(0, Peep(0, c));
        var f = CouplesForget ? w.Minus(1, i) : step.Activate(0, Peep(2, c));
        var next = w.Plus(w.Times(f, c), w.Times(i, step.Activate(1, Gate(3))));
        return [w.Times(step.Activate(0, Peep(1, next)), step.Activate(2, next, clips: false)), next];
    }
}
