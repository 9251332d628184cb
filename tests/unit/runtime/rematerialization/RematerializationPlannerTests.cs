using Dlc.Runtime.Rematerialization;
using Xunit;

namespace Dlc.Tests.Unit.Runtime.Rematerialization;

public class RematerializationPlannerTests
{
    [Fact]
    public void EveryPlanOfRandomProgramsComputesTheSame()
    {
        var evictions = 0;
        for (var seed = 0; seed < 400; seed++)
        {
            var (topology, numbers) = StepGenerator.Random(new Random(seed), 3 + (seed % 40));
            var ladder = RematerializationPlanner.Plan(topology, numbers);
            for (var i = 0; i < ladder.Plans.Count; i++)
            {
                var plan = ladder.Plans[i];
                evictions += plan.IsPlain ? 0 : 1;
                var wrong = PlanReplay.Check(topology, plan, ladder.Offsets(i), ladder.ArenaBytes(i), long.MaxValue);
                Assert.True(wrong is null, $"seed {seed}, plan {i}: {wrong}");
                Assert.True(plan.LowerBound <= ladder.ArenaBytes(i));
            }
        }

        Assert.True(evictions > 300, $"{evictions}");
    }

    [Fact]
    public void AHigherLimitIsNeverSlower()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var (topology, numbers) = StepGenerator.Random(new Random(seed), 60);
            var ladder = RematerializationPlanner.Plan(topology, numbers);
            var (least, most) = (ladder.LeastBytes, ladder.ArenaBytes(0));
            Assert.True(ladder.Choose(least - 1) < 0);
            var before = double.PositiveInfinity;
            for (var i = 0; i <= 50; i++)
            {
                var limit = least + ((most - least) * i / 50);
                var chosen = ladder.Choose(limit);
                Assert.True(chosen >= 0, $"seed {seed}: {limit} fails, {least} does not");
                Assert.True(ladder.ArenaBytes(chosen) <= limit);
                Assert.True(ladder.Plans[chosen].ExtraSeconds <= before);
                before = ladder.Plans[chosen].ExtraSeconds;
            }

            Assert.Equal(0, before);
        }
    }

    /// <summary>Of large programs most plans are made when a limit asks for them: which, and in which order limits came, makes no difference.</summary>
    [Fact]
    public void PlansOfLargeProgramsDoNotDependOnWhatWasAskedBefore()
    {
        var between = 0;
        for (var seed = 0; seed < 12; seed++)
        {
            var (topology, numbers) = StepGenerator.Random(new Random(seed), 110 + (10 * seed));
            var all = RematerializationPlanner.Plan(topology, numbers);
            var least = all.LeastBytes;
            var most = all.ArenaBytes(0);
            var known = all.Count;
            var before = double.PositiveInfinity;
            for (var i = 0; i <= 40; i++)
            {
                var limit = least + ((most - least) * i / 40);
                var fresh = RematerializationPlanner.Plan(topology, numbers);
                var (chosen, alone) = (all.Choose(limit), fresh.Choose(limit));
                Assert.True(chosen >= 0 && alone >= 0, $"seed {seed}: {limit} fails, {least} does not");
                Assert.Equal(fresh.PlanAt(alone).ExtraSeconds, all.PlanAt(chosen).ExtraSeconds);
                Assert.True(fresh.ArenaBytes(alone) <= limit && all.ArenaBytes(chosen) <= limit);
                Assert.True(all.PlanAt(chosen).ExtraSeconds <= before, $"seed {seed}: {limit} is slower than a lower limit");
                before = all.PlanAt(chosen).ExtraSeconds;
                between += chosen >= known ? 1 : 0;
                var wrong = PlanReplay.Check(topology, all.PlanAt(chosen), all.Offsets(chosen), all.ArenaBytes(chosen), limit);
                Assert.True(wrong is null, $"seed {seed}, limit {limit}: {wrong}");
            }

            Assert.True(RematerializationPlanner.Plan(topology, numbers).Choose(least - 1) < 0);
            Assert.Equal(0, before);
        }

        Assert.True(between > 100, $"{between}");
    }

    [Fact]
    public void CheapValuesAreComputedAgainBeforeDearOnes()
    {
        var (topology, numbers) = StepGenerator.Training(24);
        var ladder = RematerializationPlanner.Plan(topology, numbers);
        var chosen = ladder.Choose(ladder.ArenaBytes(0) * 45 / 100);
        var plan = ladder.Plans[chosen];

        // Two thirds of the values are cheap: dropping those is enough, and each comes back once.
        Assert.DoesNotContain(plan.Actions, a => a.Kind == ActionKind.Recompute && numbers.Seconds[a.Subject] > 1e-4);
        Assert.True(plan.Actions.Count(a => a.Kind == ActionKind.Recompute) <= 48);
    }

    /// <summary>Step 0 makes a small value that is dear to make and a large one; both are needed at the end, and the large one can only be made again.</summary>
    [Fact]
    public void WhatComesBackWithAnotherValueIsNotSaved()
    {
        const int Filler = 120;
        int[][] reads = [[], .. Enumerable.Range(0, Filler).Select(i => i == 0 ? Array.Empty<int>() : [1 + i]), [Filler + 1, 1, 0]];
        int[][] writes = [[0, 1], .. Enumerable.Range(0, Filler).Select(i => new[] { 2 + i }), [Filler + 2]];
        var values = Filler + 3;
        var topology = new StepTopology(
            reads, writes, [.. reads.Select(_ => Array.Empty<(int, int)>())], [.. reads.Select(_ => true)], new bool[values],
            [.. Enumerable.Range(0, values).Select(v => v == values - 1)], [.. Enumerable.Range(0, values).Select(_ => true)]);
        var numbers = new StepNumbers
        {
            Bytes = [.. Enumerable.Range(0, values).Select(v => v == 0 ? 32L << 10 : v == 1 ? 1 << 20 : v == values - 1 ? 64 : 3 << 19)],
            Seconds = [.. reads.Select(_ => 1e-4)],
            TransferRate = 1e9,
        };
        var ladder = RematerializationPlanner.Plan(topology, numbers);
        var plan = ladder.PlanAt(ladder.Choose(3 << 20));
        Assert.Contains(plan.Actions, a => a is { Kind: ActionKind.Recompute, Subject: 0 });
        Assert.DoesNotContain(plan.Actions, a => a.Kind == ActionKind.Offload);
    }

    [Fact]
    public void WhatCannotBeComputedAgainIsMovedOutside()
    {
        var (topology, numbers) = StepGenerator.Training(12);
        var once = new StepTopology(
            topology.Reads, topology.Writes, topology.InPlace, new bool[topology.Steps], topology.IsResident, topology.IsKept,
            [.. topology.IsResident.Select(_ => true)]);
        var ladder = RematerializationPlanner.Plan(once, numbers);
        var last = ladder.Plans[^1];
        Assert.DoesNotContain(last.Actions, a => a.Kind == ActionKind.Recompute);
        Assert.Contains(last.Actions, a => a.Kind == ActionKind.Offload);
        Assert.True(ladder.LeastBytes < ladder.ArenaBytes(0) / 4);
        Assert.Null(PlanReplay.Check(once, last, ladder.Offsets(ladder.Plans.Count - 1), ladder.ArenaBytes(ladder.Plans.Count - 1), long.MaxValue));
    }

    [Fact]
    public void AStepThatReadsOldStateIsNotRunAfterItsUpdate()
    {
        // 0 is state; step 0 reads it, step 1 overwrites it, step 3 needs the value of step 0.
        int[][] reads = [[0], [0], [1], [1, 2]];
        int[][] writes = [[1], [0], [2], [3]];
        var topology = new StepTopology(
            reads, writes, [[], [], [], []], [true, true, true, true], [true, false, false, false], [false, false, false, true],
            [true, true, true, true]);
        var numbers = new StepNumbers { Bytes = [0, 64, 64, 64], Seconds = [0, 0, 0, 0], TransferRate = 1 };
        foreach (var plan in RematerializationPlanner.Plan(topology, numbers).Plans)
        {
            Assert.DoesNotContain(plan.Actions, a => a is { Kind: ActionKind.Recompute, Subject: 0 });
        }
    }
}
