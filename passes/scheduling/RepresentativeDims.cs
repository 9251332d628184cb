using Dlc.IR.Symbolic;

namespace Dlc.Passes.Scheduling;

/// <summary>
/// Values for the symbols of some sizes at which orders are compared: likely ones, the ends of ranges, small and large ones in all mixtures, within
/// what the facts allow. Deterministic.
/// </summary>
public static class RepresentativeDims
{
    /// <summary>Sizes beyond this are not tried where a dim has no upper bound.</summary>
    private const long Large = 4096;

    private static readonly long[] Ladder = [1, 8, 64, 512, Large];

    /// <summary>Facts that are checked; those of huge modules mostly speak of other symbols.</summary>
    private const int MaximumFacts = 2000;

    /// <summary>At most <paramref name="count"/> bindings of all symbols of the dims, at least one.</summary>
    public static List<DimEvaluator> For(IEnumerable<Dim> dims, Facts facts, int count)
    {
        var roots = dims.Distinct().ToList();
        var symbols = roots.SelectMany(SymbolSet.Of).Distinct().OrderBy(s => s.Name, StringComparer.Ordinal).ToList();
        var free = symbols.SelectMany(s => SymbolSet.Of(facts.Simplify(s))).Distinct().OrderBy(s => s.Name, StringComparer.Ordinal).ToList();
        var ranges = free.Select(s => Reach(facts.Range(s))).ToArray();
        var steps = Steps(free, facts);
        var known = free.Concat(symbols).ToHashSet();
        var relevant = facts.All.Where(f => SymbolSet.Of(f.Left).Concat(SymbolSet.Of(f.Right)).All(known.Contains)).Take(MaximumFacts).ToList();
        var found = new List<DimEvaluator>();
        var seen = new HashSet<string>();
        foreach (var values in Candidates(free, ranges, facts, count))
        {
            if (found.Count == count)
            {
                break;
            }

            for (var i = 0; i < values.Length; i++)
            {
                values[i] = Fit(values[i], ranges[i], steps[i]);
            }

            if (seen.Add(string.Join(',', values)) && Bind(facts, symbols, free, values) is { } binding && relevant.All(f => Holds(f, binding)))
            {
                found.Add(binding);
            }
        }

        if (found.Count == 0)
        {
            // The facts leave little room: any sizes tell more than none.
            found.Add(Bind(facts, symbols, free, [.. ranges.Select((r, i) => Fit(64, r, steps[i]))]) ?? Plain(facts, symbols.Concat(free)));
        }

        return found;
    }

    private static (long Low, long High) Reach(DimRange range)
    {
        // A size of 0 makes all orders equal.
        var low = Math.Max(range.Minimum, Math.Min(1, range.Maximum));
        return (low, range.Maximum < Large * Large ? range.Maximum : Math.Max(low, Large));
    }

    private static long[] Steps(List<Dim> free, Facts facts)
    {
        var steps = new long[free.Count];
        Array.Fill(steps, 1);
        foreach (var fact in facts.All)
        {
            if (fact.Relation == Relation.Divisible && fact.Right is { IsConstant: true, Constant: > 1 and <= Large } && free.IndexOf(fact.Left) is >= 0 and var i)
            {
                steps[i] = Math.Min(steps[i] / Gcd(steps[i], fact.Right.Constant) * fact.Right.Constant, Large * Large);
            }
        }

        return steps;
    }

    private static long Gcd(long a, long b) => b == 0 ? a : Gcd(b, a % b);

    /// <summary>The nearest multiple of a step within a range, where there is one.</summary>
    private static long Fit(long value, (long Low, long High) range, long step)
    {
        value = Math.Clamp(value, range.Low, Math.Max(range.Low, range.High));
        var up = (value + step - 1) / step * step;
        return up <= range.High ? up : value / step * step;
    }

    private static IEnumerable<long[]> Candidates(List<Dim> free, (long Low, long High)[] ranges, Facts facts, int count)
    {
        var n = free.Count;
        long[] All(long value) => [.. Enumerable.Repeat(value, n)];
        yield return All(64);
        if (n == 0)
        {
            yield break;
        }

        var likely = free.Select(s => facts.Likely(s)).ToArray();
        for (var k = 0; k < likely.Max(l => l.Count) && k < 8; k++)
        {
            yield return [.. likely.Select(l => l.Count == 0 ? 64 : l[Math.Min(k, l.Count - 1)])];
        }

        yield return [.. ranges.Select(r => r.High)];
        yield return All(1);
        foreach (var value in Ladder)
        {
            yield return All(value);
        }

        // One against the others, both ways.
        for (var i = 0; i < n && i < 8; i++)
        {
            foreach (var (one, others) in ((long, long)[])[(1024, 1), (1, 1024), (256, 16), (16, 256)])
            {
                var values = All(others);
                values[i] = one;
                yield return values;
            }
        }

        // Any mixture, each dim on a logarithmic scale.
        var random = new Random(17);
        for (var k = 0; k < 8 * count; k++)
        {
            yield return [.. ranges.Select(r => (long)(r.Low * Math.Pow(Math.Max(1, (double)r.High / Math.Max(1, r.Low)), random.NextDouble())))];
        }
    }

    private static DimEvaluator? Bind(Facts facts, List<Dim> symbols, List<Dim> free, long[] values)
    {
        var binding = new DimEvaluator(facts.Context);
        for (var i = 0; i < values.Length; i++)
        {
            binding.Bind(free[i], values[i]);
        }

        foreach (var symbol in symbols)
        {
            if (!binding.IsBound(symbol))
            {
                if (!binding.TryEvaluate(facts.Simplify(symbol), out var value) || value < 0)
                {
                    return null;
                }

                binding.Bind(symbol, value);
            }
        }

        return binding;
    }

    private static DimEvaluator Plain(Facts facts, IEnumerable<Dim> symbols)
    {
        var binding = new DimEvaluator(facts.Context);
        foreach (var symbol in symbols)
        {
            binding.Bind(symbol, 64);
        }

        return binding;
    }

    private static bool Holds(Fact fact, DimEvaluator binding) =>
        binding.TryEvaluate(fact.Left, out var left) && binding.TryEvaluate(fact.Right, out var right) && fact.Relation switch
        {
            Relation.Equal => left == right,
            Relation.LessOrEqual => left <= right,
            Relation.Less => left < right,
            Relation.Divisible => right != 0 && left % right == 0,
            _ => throw new InvalidOperationException($"unknown relation {fact.Relation}"),
        };
}
