using System.Diagnostics;
using Dlc.IR.Symbolic;
using Xunit;
using Xunit.Abstractions;

namespace Dlc.Tests.Unit.Symbolic;

public sealed class FactsScaleTests(ITestOutputHelper output)
{
    [Fact]
    public void Thousands_of_symbols_are_answered_in_near_linear_time()
    {
        Run(200, 2000, 10_000);
        var small = Run(500, 5000, 25_000);
        var large = Run(2000, 20_000, 100_000);
        output.WriteLine($"500 symbols: {small.TotalMilliseconds:F0} ms, 2000 symbols: {large.TotalMilliseconds:F0} ms");

        // Four times the work; loose, as other tests run beside this one.
        Assert.True(large < (16 * small) + TimeSpan.FromSeconds(10), $"{small} -> {large}");
    }

    private static TimeSpan Run(int symbols, int factCount, int queries)
    {
        var random = new Random(7);
        var context = new DimContext();
        var facts = new Facts(context);
        var clock = Stopwatch.StartNew();
        var dims = new Dim[symbols];
        var values = new long[symbols];
        var evaluator = new DimEvaluator(context);
        for (var i = 0; i < symbols; i++)
        {
            values[i] = 16 * random.Next(1, 64);
            dims[i] = facts.NewDim($"d{i}", 1, 4096);
            evaluator.Bind(dims[i], values[i]);
        }

        for (var i = symbols; i < factCount; i++)
        {
            var (a, b, c) = (random.Next(symbols), random.Next(symbols), random.Next(symbols));
            switch (random.Next(20))
            {
                case 0:
                    // Shapes of a graph: mostly few classes of equal dims.
                    var same = Enumerable.Range(0, 8).Select(_ => random.Next(symbols)).FirstOrDefault(j => values[j] == values[a], -1);
                    if (same >= 0)
                    {
                        facts.Assume(dims[a], Relation.Equal, dims[same], "equal");
                    }

                    break;
                case 1:
                    facts.Assume(dims[a], Relation.Divisible, context.Const(16), "divisible");
                    break;
                case 2:
                    facts.AssumeRange(dims[a], 1, 2048, "range");
                    break;
                case 3 when values[a] * values[b] <= values[c] * 64:
                    facts.Assume(dims[a] * dims[b], Relation.LessOrEqual, dims[c] * 64, "product");
                    break;
                default:
                    facts.Assume(values[a] <= values[b] ? dims[a] : dims[b], Relation.LessOrEqual, values[a] <= values[b] ? dims[b] : dims[a], "order");
                    break;
            }
        }

        var decided = 0;
        for (var i = 0; i < queries; i++)
        {
            var (a, b) = (random.Next(symbols), random.Next(symbols));
            var (left, right) = random.Next(3) switch
            {
                0 => (dims[a] * dims[b], dims[b] * dims[random.Next(symbols)]),
                1 => (dims[a] + 1, 2 * dims[b]),
                _ => (dims[a], dims[b]),
            };
            var relation = (Relation)random.Next(4);
            decided += facts.Prove(left, relation, right) == Proof.Unknown ? 0 : 1;
        }

        Assert.True(decided > queries / 50, $"{decided} of {queries} decided");
        return clock.Elapsed;
    }
}
