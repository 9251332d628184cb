namespace Dlc.Runtime.Execution;

/// <summary>The plans of the signatures used last, at most a given number. Safe from many threads; looking up allocates nothing.</summary>
internal sealed class PlanCache(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, SignaturePlan> _plans = [];
    private long _clock;

    /// <summary>Plans held now.</summary>
    public int Count { get; private set; }

    /// <summary>Signatures that had to be planned so far.</summary>
    public long Misses { get; private set; }

    public static ulong HashOf(ReadOnlySpan<long> key)
    {
        ulong hash = 0x9E3779B97F4A7C15;
        foreach (long part in key)
        {
            hash = System.Numerics.BitOperations.RotateLeft((hash ^ (ulong)part) * 0xFF51AFD7ED558CCD, 29);
        }

        return hash;
    }

    public SignaturePlan? Find(ReadOnlySpan<long> key, ulong hash)
    {
        lock (_lock)
        {
            for (var plan = _plans.GetValueOrDefault(hash); plan is not null; plan = plan.Next)
            {
                if (key.SequenceEqual(plan.Key))
                {
                    plan.LastUse = ++_clock;
                    return plan;
                }
            }

            Misses++;
            return null;
        }
    }

    /// <summary>Adds a plan; the one unused for longest goes when there are too many.</summary>
    public void Add(SignaturePlan plan)
    {
        if (capacity <= 0)
        {
            return;
        }

        lock (_lock)
        {
            for (var other = _plans.GetValueOrDefault(plan.Hash); other is not null; other = other.Next)
            {
                if (other.Key.AsSpan().SequenceEqual(plan.Key))
                {
                    // Two threads met the same new signature; both plans are equal.
                    return;
                }
            }

            while (Count >= capacity)
            {
                EvictOldest();
            }

            plan.LastUse = ++_clock;
            plan.Next = _plans.GetValueOrDefault(plan.Hash);
            _plans[plan.Hash] = plan;
            Count++;
        }
    }

    /// <summary>Takes a plan out, if it is still there.</summary>
    public void Remove(SignaturePlan plan)
    {
        lock (_lock)
        {
            for (var other = _plans.GetValueOrDefault(plan.Hash); other is not null; other = other.Next)
            {
                if (other == plan)
                {
                    Unlink(plan);
                    return;
                }
            }
        }
    }

    private void EvictOldest()
    {
        SignaturePlan? oldest = null;
        foreach (var head in _plans.Values)
        {
            for (var plan = head; plan is not null; plan = plan.Next)
            {
                if (oldest is null || plan.LastUse < oldest.LastUse)
                {
                    oldest = plan;
                }
            }
        }

        Unlink(oldest!);
    }

    private void Unlink(SignaturePlan oldest)
    {
        var first = _plans[oldest.Hash];
        if (first == oldest)
        {
            if (oldest.Next is null)
            {
                _plans.Remove(oldest.Hash);
            }
            else
            {
                _plans[oldest.Hash] = oldest.Next;
            }
        }
        else
        {
            while (first.Next != oldest)
            {
                first = first.Next!;
            }

            first.Next = oldest.Next;
        }

        // A context may still run with it; only the chain must not hold on to others.
        oldest.Next = null;
        Count--;
    }
}
