using Dlc.IR.Symbolic;

namespace Dlc.Passes.Scheduling;

/// <summary>
/// List scheduling for all dims at once, as in BladeDISC++ (arXiv 2412.16985): of the ready steps one runs whose memory impact (bytes that it allocates
/// less those that its last reads free, a symbolic expression) is not provably larger than another's. Among several such, topology decides: the step that
/// reads what was made last, which keeps lifetimes short, then the one that comes first in the given order.
/// </summary>
internal sealed class SymbolicListScheduler
{
    /// <summary>Classes that are compared in one choice, so that the whole stays near-linear where all sizes differ.</summary>
    private const int MaximumClasses = 24;

    private readonly SchedulingProblem _problem;
    private readonly ProblemShape _shape;
    private readonly SizeOrder _sizes;

    // Walks along for the bookkeeping of buffers alone.
    private readonly LiveWalk _walk;
    private readonly Dim _zero;

    /// <summary>Ready steps by impact: equal impacts are one class, so that each pair of impacts is compared once.</summary>
    private readonly Dictionary<Dim, SortedSet<(int Age, int Position, int Step)>> _classes = [];

    /// <summary>The impacts of the classes, from small to large at the samples: what is provably smallest is always first.</summary>
    private readonly SortedSet<(double Size, int Dim, Dim Impact)> _bySize =
        new(Comparer<(double Size, int Dim, Dim Impact)>.Create((a, b) => (a.Size, a.Dim).CompareTo((b.Size, b.Dim))));

    private readonly Dim?[] _impact;
    private readonly int[] _freshness;

    private SymbolicListScheduler(SchedulingProblem problem, ProblemShape shape, SizeOrder sizes, DimContext dims)
    {
        _problem = problem;
        _shape = shape;
        _sizes = sizes;
        _walk = new LiveWalk(new SizedProblem(shape, new long[shape.Buffers.Length], new long[shape.Count]));
        _zero = dims.Zero;
        _impact = new Dim?[shape.Count];
        _freshness = new int[shape.Count];
    }

    /// <summary>An order of the steps; null where impacts are too large to be written down.</summary>
    public static int[]? Run(SchedulingProblem problem, ProblemShape shape, SizeOrder sizes, DimContext dims)
    {
        try
        {
            return new SymbolicListScheduler(problem, shape, sizes, dims).Run();
        }
        catch (Exception e) when (e is OverflowException or DimTooLargeException)
        {
            return null;
        }
    }

    private int[] Run()
    {
        var waits = _shape.Before.Select(b => b.Length).ToArray();
        var order = new int[_shape.Count];
        for (var s = 0; s < waits.Length; s++)
        {
            if (waits[s] == 0)
            {
                Add(s);
            }
        }

        for (var i = 0; i < order.Length; i++)
        {
            var step = Choose();
            Remove(step);
            int[] openers = [.. _walk.OtherOpeners(step)];
            _walk.Run(step);
            order[i] = step;
            foreach (var next in _shape.After[step])
            {
                if (_impact[next] is null)
                {
                    _freshness[next] = i + 1;
                }

                if (--waits[next] == 0)
                {
                    Add(next);
                }
            }

            foreach (var touch in _shape.Touches[step])
            {
                Update(_walk.LastCloser(touch.Buffer));
            }

            foreach (var other in openers)
            {
                Update(other);
            }
        }

        return order;
    }

    private int Choose()
    {
        Dim? best = null;
        foreach (var (_, _, impact) in _bySize.Take(MaximumClasses))
        {
            if (best is null || IsBetter(impact, best))
            {
                best = impact;
            }
        }

        return _classes[best!].Min.Step;
    }

    private bool IsBetter(Dim impact, Dim best)
    {
        var (isLess, isMore) = (_sizes.IsAtMost(impact, best), _sizes.IsAtMost(best, impact));
        return isLess != isMore ? isLess : _classes[impact].Min.CompareTo(_classes[best].Min) < 0;
    }

    private void Add(int step)
    {
        var impact = Impact(step);
        _impact[step] = impact;
        if (!_classes.TryGetValue(impact, out var steps))
        {
            _classes.Add(impact, steps = []);
            _bySize.Add((_sizes.Sum(impact), impact.Id, impact));
        }

        steps.Add((-_freshness[step], step, step));
    }

    private void Remove(int step)
    {
        var impact = _impact[step]!;
        _classes[impact].Remove((-_freshness[step], step, step));
        if (_classes[impact].Count == 0)
        {
            _classes.Remove(impact);
            _bySize.Remove((_sizes.Sum(impact), impact.Id, impact));
        }

        _impact[step] = null;
    }

    private void Update(int step)
    {
        if (step >= 0 && _impact[step] is not null)
        {
            Remove(step);
            Add(step);
        }
    }

    private Dim Impact(int step)
    {
        var impact = _zero;
        foreach (var touch in _shape.Touches[step])
        {
            var bytes = _problem.Buffers[touch.Buffer].Bytes;
            if (touch.Opens && !_walk.IsOpen(touch.Buffer))
            {
                impact += bytes;
            }

            if (touch.Closes && _walk.LastCloser(touch.Buffer) == step)
            {
                impact -= bytes;
            }
        }

        return impact;
    }
}
