namespace Dlc.IR.Ops;

/// <summary>Simple recurrent layer <c>h' = f(x + h*r)</c> (ONNX RNN), a <see cref="Recurrence"/> with one gate, state and activation.</summary>
public sealed record Rnn(ValueList<bool> IsReverse, ValueList<RecurrentFunction> Functions, ValueList<double> Alphas,
    ValueList<double> Betas, double Clip, bool HasLengths) : Recurrence(IsReverse, Functions, Alphas, Betas, Clip, HasLengths)
{
    protected override int Gates => 1;

    protected override int States => 1;

    protected override int FunctionsPerDirection => 1;

    protected override int ExtraRank => 0;

    protected override double[][] Step(int direction, double[][] states, Func<int, int, double> x,
        Func<double[], int, int, double> recur, Tensor? extra) =>
        [[.. Enumerable.Range(0, states[0].Length).Select(v => Activate(direction, 0, x(0, v) + recur(states[0], 0, v)))]];

    protected override void Step(RecurrentStep step) => step.ForEachUnit(v =>
    {
        var sums = step.Recur(step.State(0), 0, 1, (row, gate) => step.Input(row, gate, v));
        for (var row = 0; row < step.Rows; row++)
        {
            step.Next(0, row, v, Activate(step, 0, sums[row][0]));
        }
    });

    internal override Value[] Step(RecurrentLoop.Step step) => [step.Activate(0, step.Writer.Plus(step.Input(0), step.Recur(step.State(0), 0, 1)[0]))];
}
