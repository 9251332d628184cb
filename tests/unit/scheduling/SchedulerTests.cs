using Dlc.Bench;
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

    [Fact]
    public void Training_shaped_graphs_use_each_activation_up_before_the_next()
    {
        foreach (var layers in (int[])[1, 2, 12, 60])
        {
            var shapes = new ProblemShapes();
            var problem = shapes.Training(layers);
            var schedule = Scheduler.Run(problem, shapes.Facts);
            foreach (var (batch, length) in ((long, long)[])[(1, 16), (4, 128), (32, 4096)])
            {
                // Weight gradients at the end, as listed, keep all activations and their gradients; as early as can be, only the activations stay.
                var dims = shapes.Dims(batch, length);
                var (given, ours) = (Given(problem, dims), Best(problem, schedule, dims));
                Assert.InRange(ours, 1, given);
                Assert.InRange(ours, 1, (batch * length * ((320 * layers) + 704)) + (4100 * 2) + 4096);
            }
        }
    }

    [Theory]
    [InlineData("chain", 1.0)]
    [InlineData("wide", 0.01)]
    [InlineData("training", 0.51)]
    [InlineData("tangle", 1.0)]
    public void Thousands_of_steps_are_ordered(string form, double partOfGiven)
    {
        // Takes below a second each; what is quadratic in the steps or worse would take minutes.
        var shapes = new ProblemShapes();
        var problem = form switch
        {
            "chain" => shapes.Chain(5000),
            "wide" => shapes.Wide(2500),
            "training" => shapes.Training(710),
            _ => shapes.Tangle(5000, 3),
        };
        var schedule = Scheduler.Run(problem, shapes.Facts);
        foreach (var (batch, length) in ((long, long)[])[(4, 1024), (32, 512)])
        {
            var dims = shapes.Dims(batch, length);
            Assert.InRange(Best(problem, schedule, dims), 1, partOfGiven * Given(problem, dims));
        }

        var again = Scheduler.Run(problem, shapes.Facts);
        Assert.Equal(schedule.Order.ToArray(), again.Order.ToArray());
        Assert.Equal(schedule.Alternatives.Length, again.Alternatives.Length);
        Assert.All(schedule.Alternatives.Zip(again.Alternatives), pair => Assert.Equal(pair.First.ToArray(), pair.Second.ToArray()));
    }

    [Fact]
    public void Symbolic_list_scheduling_frees_before_it_allocates()
    {
        // Of two ready steps one makes 12288*s bytes and one 11008*s: that one goes first, for all s, though it is listed second.
        var dims = new DimContext();
        var facts = new Facts(dims);
        var s = facts.NewDim("s", 1);
        var t = facts.NewDim("t", 1);
        facts.Assume(t, Relation.Equal, 12 * s, "test");
        var problem = new SchedulingProblem(
            [new([]), new([]), new([0]), new([1]), new([2, 3])],
            [
                new(1024 * t, [0], [2]), new(11008 * s, [1], [3]), new(s, [2], [4]), new(s, [3], [4]), new(dims.One, [4], []),
            ]);
        var sizes = new SizeOrder(facts, RepresentativeDims.For(problem.Buffers.Select(b => b.Bytes), facts, 8));
        Assert.Equal([1, 3, 0, 2, 4], SymbolicListScheduler.Run(problem, ProblemShape.Of(problem), sizes, dims)!);
    }

    [Fact]
    public void Representative_dims_keep_to_the_facts()
    {
        var dims = new DimContext();
        var facts = new Facts(dims);
        var a = facts.NewDim("a", 16, 512);
        var b = facts.NewDim("b", 1);
        var c = facts.NewDim("c", 1, 64);
        facts.Assume(a, Relation.Divisible, dims.Const(16), "test");
        facts.Assume(b, Relation.Equal, 3 * c, "test");
        facts.Assume(c, Relation.LessOrEqual, a, "test");
        facts.AssumeLikely(a, [48, 160], "test");
        var found = RepresentativeDims.For([a * b, c * 4], facts, 24);
        Assert.InRange(found.Count, 12, 24);
        Assert.Contains(found, binding => binding.Evaluate(a) == 48);
        Assert.Contains(found, binding => binding.Evaluate(a) == 512);
        Assert.All(found, binding =>
        {
            Assert.Equal(0, binding.Evaluate(a) % 16);
            Assert.InRange(binding.Evaluate(a), 16, 512);
            Assert.Equal(3 * binding.Evaluate(c), binding.Evaluate(b));
            Assert.InRange(binding.Evaluate(c), 1, Math.Min(64, binding.Evaluate(a)));
        });
    }

    [Fact]
    public void A_problem_whose_steps_depend_on_later_ones_is_refused()
    {
        var one = new DimContext().One;
        Assert.Throws<ArgumentException>(() => new SchedulingProblem([new([0])], []));
        Assert.Throws<ArgumentException>(() => new SchedulingProblem([new([])], [new(one, [1], [])]));
    }

    private static long Given(SchedulingProblem problem, DimEvaluator dims) =>
        Scheduler.Peak(problem, [.. Enumerable.Range(0, problem.Steps.Length)], dims);

    private static long Best(SchedulingProblem problem, Schedule schedule, DimEvaluator dims) =>
        schedule.Alternatives.Prepend(schedule.Order).Min(order => Scheduler.Peak(problem, order.AsSpan(), dims));
}
