using Dlc.IR;
using Dlc.IR.Ops;
using Xunit;

namespace Dlc.Tests.Unit.Ops;

/// <summary>Kernels of recurrent layers agree with their reference semantics.</summary>
public sealed class RecurrenceTests
{
    private static readonly RecurrentFunction[] Usual = [RecurrentFunction.Sigmoid, RecurrentFunction.Tanh, RecurrentFunction.Tanh];

    [Theory]
    [InlineData(1, 3, 1, 4, false, false)]
    [InlineData(2, 4, 3, 6, true, true)]
    [InlineData(2, 1, 2, 5, true, false)]
    [InlineData(1, 0, 2, 8, false, true)]
    [InlineData(2, 2, 9, 20, false, true)]
    [InlineData(1, 2, 5, 32, false, false)]
    [InlineData(1, 2, 2, 272, true, false)]
    public void Recurrences(int directions, long steps, long batch, long hidden, bool hasLengths, bool isOther)
    {
        ValueList<bool> reverse = [.. Enumerable.Range(0, directions).Select(d => (d == 1) != isOther)];
        ValueList<RecurrentFunction> Functions(int count) => [.. Enumerable.Range(0, directions).SelectMany(_ => Usual[..count])];
        ValueList<double> Zeros(int count) => [.. new double[count * directions]];
        var clip = isOther ? 0.3 : double.PositiveInfinity;
        Op[] ops =
        [
            new Rnn(reverse, Functions(1), Zeros(1), Zeros(1), clip, hasLengths),
            new Gru(reverse, Functions(2), Zeros(2), Zeros(2), clip, hasLengths, isOther),
            new Lstm(reverse, Functions(3), Zeros(3), Zeros(3), clip, hasLengths, isOther, isOther),
        ];
        foreach (var (op, gates) in ops.Zip([1L, 3, 4]))
        {
            var (m, blocks) = (new OpCheck(), (hidden + 15) / 16);
            var inputs = new List<Value>
            {
                m.Input($"t b {directions} {gates} {hidden}", OpCheck.Random(steps, batch, directions, gates, hidden)),
                m.Input($"{directions} {blocks} {hidden} {gates} 16", OpCheck.Random(directions, blocks, hidden, gates, 16)),
                m.Input($"{directions} b {hidden}", OpCheck.Random(directions, batch, hidden)),
            };
            if (op is Lstm)
            {
                inputs.Add(m.Input($"{directions} b {hidden}", OpCheck.Random(directions, batch, hidden)));
            }

            if (isOther && op is Lstm)
            {
                inputs.Add(m.Input($"{directions} 3 {hidden}", OpCheck.Random(directions, 3, hidden)));
            }
            else if (isOther && op is Gru)
            {
                inputs.Add(m.Input($"{directions} {hidden}", OpCheck.Random(directions, hidden)));
            }

            if (hasLengths)
            {
                inputs.Add(m.Input("b", OpCheck.Integers(ElementType.Int64, 0, steps + 1, batch)));
            }

            m.Check(op, [.. inputs]);
        }
    }

    [Fact]
    public void Every_activation()
    {
        foreach (var function in Enum.GetValues<RecurrentFunction>())
        {
            var m = new OpCheck();
            m.Check(new Rnn([false, true], [function, RecurrentFunction.Relu], [0.3, 0], [0.2, 0], double.PositiveInfinity, false),
                m.Input("t b 2 1 4", OpCheck.Random(3, 2, 2, 1, 4)), m.Input("2 1 4 1 16", OpCheck.Random(2, 1, 4, 1, 16)),
                m.Input("2 b 4", OpCheck.Random(2, 2, 4)));
        }
    }
}
