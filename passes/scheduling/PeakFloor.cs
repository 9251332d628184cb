namespace Dlc.Passes.Scheduling;

/// <summary>
/// A bound from below on the peak of every order: while a step runs, each buffer is live that is opened by it or by a step that always runs before, and
/// closed by it or by one that always runs after.
/// </summary>
internal sealed class PeakFloor
{
    /// <summary>Above this many steps the sets of what always runs before and after would take too much memory.</summary>
    private const int MaximumSteps = 8192;

    private readonly ProblemShape _shape;
    private readonly int _words;
    private readonly ulong[] _before;
    private readonly ulong[] _after;

    private PeakFloor(ProblemShape shape, ReadOnlySpan<int> order)
    {
        _shape = shape;
        _words = (shape.Count + 63) / 64;
        _before = new ulong[shape.Count * _words];
        _after = new ulong[shape.Count * _words];
        foreach (var step in order)
        {
            Close(_before, step, shape.Before[step]);
        }

        for (var i = order.Length - 1; i >= 0; i--)
        {
            Close(_after, order[i], shape.After[order[i]]);
        }
    }

    /// <summary>The bound for each of several sizings of one problem; 0 where the problem is too large.</summary>
    public static long[] Of(ProblemShape shape, IReadOnlyList<SizedProblem> sized, ReadOnlySpan<int> order)
    {
        var floors = new long[sized.Count];
        if (shape.Count <= MaximumSteps)
        {
            new PeakFloor(shape, order).Compute(sized, floors);
        }

        return floors;
    }

    private void Compute(IReadOnlyList<SizedProblem> sized, long[] floors)
    {
        var live = new long[_shape.Count][];
        for (var s = 0; s < live.Length; s++)
        {
            live[s] = [.. sized.Select(p => p.Transient[s] - _shape.InPlace[s].DistinctBy(pair => pair.Output).Sum(pair => p.Sizes[pair.Output]))];
        }

        var set = new ulong[_words];
        var closed = new ulong[_words];
        var sizes = new long[sized.Count];
        for (var b = 0; b < _shape.Buffers.Length; b++)
        {
            var buffer = _shape.Buffers[b];
            for (var k = 0; k < sizes.Length; k++)
            {
                sizes[k] = sized[k].Sizes[b];
            }

            Union(set, _after, buffer.Openers, buffer.IsLiveIn);
            Union(closed, _before, buffer.Closers, buffer.IsLiveOut);
            for (var w = 0; w < _words; w++)
            {
                for (var bits = set[w] & closed[w]; bits != 0; bits &= bits - 1)
                {
                    var step = (w << 6) + System.Numerics.BitOperations.TrailingZeroCount(bits);
                    if (step >= live.Length)
                    {
                        break;
                    }

                    var sums = live[step];
                    for (var k = 0; k < sizes.Length; k++)
                    {
                        sums[k] += sizes[k];
                    }
                }
            }
        }

        foreach (var sums in live)
        {
            for (var k = 0; k < floors.Length; k++)
            {
                floors[k] = Math.Max(floors[k], sums[k]);
            }
        }
    }

    /// <summary>A step itself and all that its neighbours reach.</summary>
    private void Close(ulong[] sets, int step, int[] neighbours)
    {
        var own = sets.AsSpan(step * _words, _words);
        own[step >> 6] |= 1UL << (step & 63);
        foreach (var other in neighbours)
        {
            Or(own, sets.AsSpan(other * _words, _words));
        }
    }

    private void Union(ulong[] target, ulong[] sets, int[] steps, bool all)
    {
        Array.Fill(target, all ? ulong.MaxValue : 0);
        foreach (var step in steps)
        {
            Or(target, sets.AsSpan(step * _words, _words));
        }
    }

    private static void Or(Span<ulong> target, ReadOnlySpan<ulong> other)
    {
        for (var w = 0; w < target.Length; w++)
        {
            target[w] |= other[w];
        }
    }
}
