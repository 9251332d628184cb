using Dlc.Bench;
using Dlc.IR.Symbolic;
using Xunit;
using Xunit.Abstractions;

namespace Dlc.Tests.Unit.Symbolic;

public sealed class FactsScaleTests(ITestOutputHelper output)
{
    [Fact]
    public void Thousands_of_symbols_are_answered_in_near_linear_time()
    {
        FactsWorkload.Run(200);
        var (smallBuild, smallAsk, _) = FactsWorkload.Run(500);
        var (build, ask, decided) = FactsWorkload.Run(2000);
        output.WriteLine($"500 symbols: {smallBuild} + {smallAsk}; 2000 symbols: {build} + {ask}; {decided} decided");

        // Four times the work; loose, as other tests run beside this one.
        Assert.True(build + ask < (16 * (smallBuild + smallAsk)) + TimeSpan.FromSeconds(10));
        Assert.True(decided > 10_000, $"{decided} decided");
    }

    [Fact]
    public void Answers_among_thousands_of_symbols_hold_for_the_binding_they_were_made_from()
    {
        var workload = new FactsWorkload(600);
        workload.Build();
        Assert.All(workload.Facts.All, fact => Assert.True(workload.Holds(fact.Left, fact.Relation, fact.Right)));
        Assert.Equal(0, workload.CountWrong());
    }

    [Fact]
    public void Chains_are_followed_among_thousands_of_facts()
    {
        var workload = new FactsWorkload(1000);
        workload.Build();
        var facts = workload.Facts;
        var (found, chains) = (0, 0);
        var random = new Random(3);
        var above = facts.All.Where(fact => fact.Relation == Relation.LessOrEqual && fact.Left.IsSymbol && fact.Right.IsSymbol)
            .ToLookup(fact => fact.Left, fact => fact.Right);
        foreach (var symbol in facts.Context.Symbols.Take(200))
        {
            var at = symbol;
            for (var i = 0; i < 5 && above[at].Any(); i++)
            {
                at = above[at].ElementAt(random.Next(above[at].Count()));
            }

            chains++;
            found += facts.ProveLessOrEqual(symbol, at) == Proof.True ? 1 : 0;
        }

        Assert.True(found > 0.95 * chains, $"{found} of {chains}");
    }
}
