using Dlc.Runtime.Rematerialization;
using Xunit;
using Xunit.Abstractions;

namespace Dlc.Tests.Unit.Runtime.Rematerialization;

public class OptimalityTests(ITestOutputHelper output)
{
    private const int Programs = 120;
    private const int LimitsEach = 3;

    /// <summary>Of programs of up to 14 steps, at random limits from the least that any plan keeps to the most that none is needed for.</summary>
    [Fact]
    public void RecomputationsCostAtMostATenthMoreThanTheLeastThereIs()
    {
        var ratios = new List<double>();
        var (missed, all) = (0, 0);
        for (var seed = 0; seed < Programs; seed++)
        {
            var random = new Random(seed);
            var (topology, numbers) = Draw(random, 6 + (seed % 9));
            var optimum = new ExhaustivePlanner(topology, numbers);
            var ladder = RematerializationPlanner.Plan(topology, numbers);
            var peak = ladder.PlanAt(0).LowerBound;
            var least = topology.ArenaReads.Zip(topology.ArenaWrites, (r, w) => r.Concat(w).Distinct().Sum(v => numbers.Bytes[v])).Max();
            for (var i = 0; i < LimitsEach && least < peak; i++)
            {
                var limit = random.NextInt64(least, peak);
                var best = optimum.Cost(limit);
                if (double.IsPositiveInfinity(best))
                {
                    Assert.True(ladder.Choose(limit) < 0);
                    continue;
                }

                all++;
                var chosen = ladder.Choose(limit);
                if (chosen < 0)
                {
                    missed++;
                    continue;
                }

                var seconds = ladder.PlanAt(chosen).ExtraSeconds;
                Assert.True(seconds >= best * (1 - 1e-9), $"seed {seed}: {seconds} s are less than the optimum {best}");
                ratios.Add(seconds / best);
            }
        }

        output.WriteLine($"{ratios.Count} limits: mean {ratios.Average():0.000}, worst {ratios.Max():0.00}, exact {ratios.Count(r => r < 1.0001)}; no plan for {missed} of {all} that have one");
        Assert.True(ratios.Count > Programs, $"{ratios.Count}");
        Assert.InRange(ratios.Average(), 1, 1.1);
        Assert.True(missed <= all / 20, $"no plan for {missed} of {all}");
    }

    /// <summary>Half of them any programs, half a way forth and back like a training step. Moving values outside takes too long to be worth it.</summary>
    private static (StepTopology Topology, StepNumbers Numbers) Draw(Random random, int steps)
    {
        var isTraining = random.Next(2) == 0;
        var forth = steps / 2;
        var reads = new int[steps][];
        for (var k = 0; k < steps; k++)
        {
            reads[k] = k == 0 ? [] : isTraining
                ? (k < forth ? [k - 1] : [.. new[] { k - 1, Math.Max(0, (2 * forth) - 1 - k), Math.Max(0, (2 * forth) - 2 - k) }.Distinct().Take(2 + random.Next(2))])
                : [.. Enumerable.Range(0, 1 + random.Next(2)).Select(_ => random.Next(2) == 0 ? k - 1 : random.Next(k)).Distinct()];
        }

        var values = Enumerable.Range(0, steps).ToArray();
        var topology = new StepTopology(
            reads, [.. values.Select(v => new[] { v })], [.. values.Select(_ => Array.Empty<(int, int)>())], [.. values.Select(_ => true)],
            new bool[steps], [.. values.Select(v => v == steps - 1)], [.. values.Select(_ => true)]);
        return (topology, new StepNumbers
        {
            Bytes = [.. values.Select(_ => 64L * random.Next(1, 40))],
            Seconds = [.. values.Select(_ => Math.Pow(10, (random.NextDouble() * 2) - 5))],
            TransferRate = 1e-3,
        });
    }
}
