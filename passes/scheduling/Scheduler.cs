using System.Collections.Immutable;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Scheduling;

/// <summary>
/// Chooses orders of a <see cref="SchedulingProblem"/> with a low peak of live bytes. Candidates come from symbolic list scheduling, which compares sizes
/// for all dims at once, and from search at representative dims. The given order is always among them: no chosen set of orders is ever worse at any
/// dims, as an order that is not proved to need at most as much as the given one keeps it as an alternative.
/// </summary>
public sealed class Scheduler
{
    /// <summary>Dims at which candidates are compared: most where the problem is small.</summary>
    private const int MinimumSamples = 24;

    private const int MaximumSamples = 160;

    /// <summary>Most orders besides the first that are kept.</summary>
    private const int MaximumAlternatives = 4;

    /// <summary>An order that gains less than this part of the peak at every sample is not worth having.</summary>
    private const double Worthwhile = 0.005;

    /// <summary>Evaluations of a step that all searches together may make: well below a second of work.</summary>
    private const long Evaluations = 1_500_000;

    private readonly SchedulingProblem _problem;
    private readonly ProblemShape _shape;
    private readonly Contraction _contraction;
    private readonly Facts _facts;
    private readonly List<SizedProblem> _sized;

    /// <summary>The same sizes for what <see cref="_contraction"/> leaves.</summary>
    private readonly List<SizedProblem> _contracted;
    private readonly SizeOrder _sizes;
    private readonly List<Candidate> _pool = [];

    private Scheduler(SchedulingProblem problem, Facts facts)
    {
        _problem = problem;
        _shape = ProblemShape.Of(problem);
        _facts = facts;
        var dims = problem.Buffers.Select(b => b.Bytes).Concat(problem.Steps.SelectMany(s => s.Transient)).Distinct().ToList();
        var bindings = RepresentativeDims.For(dims, facts, Math.Clamp(16_000 / problem.Steps.Length, MinimumSamples, MaximumSamples));
        _sizes = new SizeOrder(facts, bindings);
        _sized = [.. bindings.Select(Size).OfType<SizedProblem>()];
        _contraction = Contraction.Of(_shape, [.. problem.Steps.Select(s => !s.Transient.IsEmpty)]);
        _contracted = [.. _sized.Select(_contraction.Contract)];
        SizedProblem? Size(DimEvaluator binding) => SizeAt(problem, _shape, binding);
    }

    /// <summary>Chooses orders.</summary>
    /// <param name="problem">Steps and buffers; the steps are listed in the given order.</param>
    /// <param name="facts">What is known of the sizes.</param>
    public static Schedule Run(SchedulingProblem problem, Facts facts)
    {
        var original = Enumerable.Range(0, problem.Steps.Length).ToImmutableArray();
        return problem.Steps.Length < 2 ? new Schedule(original, []) : new Scheduler(problem, facts).Run();
    }

    /// <summary>Most bytes that are live at once in an order, at dims that the binding gives.</summary>
    /// <exception cref="InvalidOperationException">A size has no value there, or the sum leaves 62 bits.</exception>
    public static long Peak(SchedulingProblem problem, ReadOnlySpan<int> order, DimEvaluator binding) =>
        SizeAt(problem, ProblemShape.Of(problem), binding)?.Peak(order) ?? throw new InvalidOperationException("a size has no value");

    internal static SizedProblem? SizeAt(SchedulingProblem problem, ProblemShape shape, DimEvaluator binding)
    {
        var values = new Dictionary<Dim, long>();
        Int128 sum = 0;
        foreach (var dim in problem.Buffers.Select(b => b.Bytes).Concat(problem.Steps.SelectMany(s => s.Transient)))
        {
            if (!values.TryGetValue(dim, out var value))
            {
                if (!binding.TryEvaluate(dim, out value))
                {
                    return null;
                }

                values.Add(dim, value = Math.Max(0, value));
            }

            sum += value;
        }

        return sum > long.MaxValue / 2 ? null : new SizedProblem(
            shape, [.. problem.Buffers.Select(b => values[b.Bytes])],
            [.. problem.Steps.Select(s => s.Transient.IsEmpty ? 0 : s.Transient.Max(d => values[d]))]);
    }

    private Schedule Run()
    {
        int[] original = [.. Enumerable.Range(0, _shape.Count)];
        Add(original);
        if (_sized.Count > 0)
        {
            var floors = PeakFloor.Of(_contraction.Shape, _contracted, _contraction.Contract(original));
            if (!IsOptimal(floors))
            {
                Add(SymbolicListScheduler.Run(_problem, _shape, _sizes, _facts.Context));
                Search(floors);
            }
        }

        var chosen = Choose();
        var alternatives = chosen.Skip(1).Select(c => c.Order).ToList();
        if (!ReferenceEquals(chosen[0], _pool[0]) && !chosen.Contains(_pool[0]) && !PeakOrder.IsAtMost(_problem, _shape, chosen[0].Order, original, _sizes))
        {
            alternatives.Add(original);
        }

        return new Schedule([.. chosen[0].Order], [.. alternatives.Select(o => o.ToImmutableArray())]);
    }

    private bool IsOptimal(long[] floors)
    {
        for (var k = 0; k < floors.Length; k++)
        {
            if (_pool.Min(c => c.Peaks[k]) > floors[k])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Searches at one sample after the other; what was found at one is often the best at the next.</summary>
    private void Search(long[] floors)
    {
        var budget = new SearchBudget(Evaluations);
        for (var k = 0; k < _sized.Count && !budget.IsSpent; k++)
        {
            var best = _pool.MinBy(c => c.Peaks[k])!;
            if (best.Peaks[k] <= floors[k] * (1 + (Worthwhile / 2)))
            {
                continue;
            }

            // Half of what is left, so that the first samples, which are the likely ones, get most.
            var share = budget.Lend(Math.Max(budget.Left / 4, Math.Min(budget.Left, 64L * _shape.Count)));
            var order = _contraction.Expand(OrderSearch.Improve(_contracted[k], _contraction.Contract(best.Order), floors[k], share));
            budget.Return(share);
            if (_sized[k].Peak(order) < best.Peaks[k])
            {
                Add(order);
            }
        }
    }

    private void Add(int[]? order)
    {
        if (order is not null)
        {
            _pool.Add(new Candidate(order, [.. _sized.Select(p => p.Peak(order))]));
        }
    }

    /// <summary>
    /// First the order whose worst ratio to the best one over the samples is least; then, as long as some sample gains by it, the one that brings
    /// the worst ratio of the set down most. Earlier candidates win ties, the given order before all.
    /// </summary>
    private List<Candidate> Choose()
    {
        var best = new double[_sized.Count];
        for (var k = 0; k < best.Length; k++)
        {
            best[k] = Math.Max(1, _pool.Min(c => c.Peaks[k]));
        }

        var reached = new double[best.Length];
        Array.Fill(reached, double.MaxValue);
        var chosen = new List<Candidate>();
        while (chosen.Count <= MaximumAlternatives)
        {
            Candidate? next = null;
            var least = (Worst: double.MaxValue, Sum: double.MaxValue);
            foreach (var candidate in _pool)
            {
                var (worst, sum) = (1.0, 0.0);
                for (var k = 0; k < best.Length; k++)
                {
                    var ratio = Math.Min(reached[k], candidate.Peaks[k] / best[k]);
                    worst = Math.Max(worst, ratio);
                    sum += ratio;
                }

                if (next is null || worst < least.Worst - (Worthwhile / 4) || (worst < least.Worst + (Worthwhile / 4) && sum < least.Sum - Worthwhile))
                {
                    (next, least) = (candidate, (worst, sum));
                }
            }

            if (chosen.Count > 0 && !IsWorthwhile(next!, reached, best))
            {
                break;
            }

            chosen.Add(next!);
            for (var k = 0; k < best.Length; k++)
            {
                reached[k] = Math.Min(reached[k], next!.Peaks[k] / best[k]);
            }
        }

        return chosen;
    }

    private static bool IsWorthwhile(Candidate candidate, double[] reached, double[] best)
    {
        for (var k = 0; k < best.Length; k++)
        {
            if (candidate.Peaks[k] / best[k] < reached[k] - Worthwhile)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>An order with its peak at each sample.</summary>
    private sealed record Candidate(int[] Order, long[] Peaks);
}
