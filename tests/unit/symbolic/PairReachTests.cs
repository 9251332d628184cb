using Dlc.IR.Symbolic;
using Xunit;

namespace Dlc.Tests.Unit.Symbolic;

public sealed class PairReachTests
{
    /// <summary>Random graphs, with and without cycles, some monomials that no fact mentions among them.</summary>
    [Fact]
    public void Nothing_that_facts_lead_to_is_denied_and_most_else_is()
    {
        var (denied, unreached) = (0, 0);
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var context = new DimContext();
            var count = 2 + random.Next(40);
            var dims = Enumerable.Range(0, count).Select(i => context.Symbol($"d{i}")).ToArray();
            var reaches = new bool[count, count];
            var forms = new List<LinearForm?> { null, LinearForm.Of(dims[0] + dims[1]), LinearForm.Of(dims[0] - 3) };
            for (var e = random.Next(3 * count); e > 0; e--)
            {
                var (a, b) = (random.Next(count - 1), random.Next(count - 1));
                if (a != b)
                {
                    // Every third graph has cycles.
                    (a, b) = seed % 3 == 0 || a < b ? (a, b) : (b, a);
                    reaches[a, b] = true;
                    forms.Add(LinearForm.Of((dims[b] * (1 + random.Next(3))) - (dims[a] * (1 + random.Next(3))) + random.Next(5)));
                }
            }

            for (var k = 0; k < count; k++)
            {
                for (var i = 0; i < count; i++)
                {
                    for (var j = 0; j < count; j++)
                    {
                        reaches[i, j] |= reaches[i, k] && reaches[k, j];
                    }
                }
            }

            var reach = new PairReach(forms, context.Count);
            for (var i = 0; i < count; i++)
            {
                for (var j = 0; j < count; j++)
                {
                    Assert.True(!reaches[i, j] || reach.MayLead(dims[i], dims[j]), $"seed {seed}: d{i} leads to d{j}");
                    unreached += i == j || reaches[i, j] ? 0 : 1;
                    denied += i == j || reaches[i, j] || reach.MayLead(dims[i], dims[j]) ? 0 : 1;
                }
            }

            Assert.False(reach.MayLead(context.Symbol("late"), dims[0]));
        }

        Assert.True(denied > 0.9 * unreached, $"{denied} of {unreached}");
    }
}
