using Dlc.IR.Symbolic;
using Dlc.Passes.Scheduling;
using Xunit;
using Xunit.Abstractions;

namespace Dlc.Tests.Unit.Scheduling;

public sealed class SchedulerTests(ITestOutputHelper output)
{
    [Fact]
    public void Peaks_of_random_graphs_are_close_to_the_optimum_at_random_dims()
    {
        const int graphs = 600;
        double sum = 0, worst = 1, originalSum = 0;
        var cases = 0;
        for (var seed = 0; seed < graphs; seed++)
        {
            var random = new RandomProblems(seed);
            var problem = random.Problem(4 + (seed % 13));
            var schedule = Scheduler.Run(problem, random.Facts);
            var original = Enumerable.Range(0, problem.Steps.Length).ToArray();
            for (var draw = 0; draw < 3; draw++)
            {
                var dims = random.Dims();
                var optimum = ReferenceSchedule.Optimum(problem, dims);
                var ours = schedule.Alternatives.Prepend(schedule.Order).Min(order => ReferenceSchedule.Peak(problem, order, dims));
                var given = ReferenceSchedule.Peak(problem, original, dims);
                Assert.InRange(ours, optimum, given);
                Assert.InRange(1 + schedule.Alternatives.Length, 1, 6);
                var ratio = (double)ours / Math.Max(1, optimum);
                sum += ratio;
                worst = Math.Max(worst, ratio);
                originalSum += (double)given / Math.Max(1, optimum);
                cases++;
            }
        }

        output.WriteLine($"{cases} cases: mean {sum / cases:F4}, worst {worst:F4} of the optimum; the given orders {originalSum / cases:F4}");
        Assert.InRange(sum / cases, 1, 1.03);
        Assert.InRange(worst, 1, 1.15);
    }

    [Fact]
    public void Exact_search_finds_the_optimum_and_the_floor_is_below_it()
    {
        for (var seed = 5000; seed < 5200; seed++)
        {
            var random = new RandomProblems(seed);
            var problem = random.Problem(3 + (seed % 10));
            var dims = random.Dims();
            var shape = ProblemShape.Of(problem);
            var sized = Scheduler.SizeAt(problem, shape, dims)!;
            int[] original = [.. Enumerable.Range(0, problem.Steps.Length)];
            var optimum = ReferenceSchedule.Optimum(problem, dims);
            Assert.Equal(ReferenceSchedule.Peak(problem, original, dims), sized.Peak(original));
            Assert.InRange(PeakFloor.Of(shape, [sized], original)[0], 0, optimum);

            var (plain, _) = ExactSearch.Run(sized, original, long.MaxValue, 0, int.MaxValue, new SearchBudget(long.MaxValue));
            Assert.Equal(optimum, ReferenceSchedule.Peak(problem, plain!, dims));

            var (reversed, _) = ExactSearch.Run(sized.Reverse(), [.. original.Reverse()], long.MaxValue, 0, int.MaxValue, new SearchBudget(long.MaxValue));
            Assert.Equal(optimum, ReferenceSchedule.Peak(problem, [.. reversed!.Reverse()], dims));

            var contraction = Contraction.Of(shape, [.. problem.Steps.Select(s => !s.Transient.IsEmpty)]);
            var (contracted, _) = ExactSearch.Run(
                contraction.Contract(sized), contraction.Contract(original), long.MaxValue, 0, int.MaxValue, new SearchBudget(long.MaxValue));
            Assert.Equal(optimum, ReferenceSchedule.Peak(problem, contraction.Expand(contracted!), dims));

            var improved = OrderSearch.Improve(sized, original, 0, new SearchBudget(long.MaxValue));
            Assert.Equal(optimum, ReferenceSchedule.Peak(problem, improved, dims));
        }
    }
}
