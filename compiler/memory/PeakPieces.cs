using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Memory;

/// <summary>
/// The largest sum of bytes alive at one step, for all dims at once: the sums of the steps, without those that are proved never to exceed another's.
/// </summary>
internal sealed class PeakPieces
{
    private const int Samples = 256;
    private const int Compared = 32;

    private readonly Facts _facts;
    private readonly List<DimEvaluator> _samples = [];

    /// <summary>Draws dims to compare at: what is larger at one of them needs no proof that it is not smaller.</summary>
    public PeakPieces(Facts facts, IReadOnlyList<Dim> symbols)
    {
        _facts = facts;
        var random = new Random(1);
        long[] sizes = [1, 1, 2, 3, 8, 17, 32, 96, 100, 128, 512, 640, 1024, 4096];
        for (var i = 0; i < Samples; i++)
        {
            var evaluator = new DimEvaluator(facts.Context);
            foreach (var symbol in symbols)
            {
                var range = facts.Range(symbol);
                evaluator.Bind(symbol, Math.Clamp(sizes[random.Next(sizes.Length)], Math.Max(0, range.Minimum), Math.Max(0, range.Maximum)));
            }

            _samples.Add(evaluator);
        }
    }

    /// <summary>The pieces, those that are the largest most often first.</summary>
    public List<FormulaPiece> Of(IReadOnlyList<SymbolicBuffer> buffers)
    {
        var sums = Sums(buffers);
        var values = sums.ToDictionary(s => s, s => _samples.Take(Compared).Select(e => Evaluate(e, s.Bytes)).ToArray());
        var kept = new List<FormulaPiece>();

        // From the largest on: what bounds many others comes first.
        foreach (var sum in sums.OrderByDescending(s => values[s].Sum(v => Math.Log(1 + (double)v))).ThenBy(s => s.Step))
        {
            if (!kept.Any(k => IsBelow(sum, k)))
            {
                kept.RemoveAll(k => IsBelow(k, sum));
                kept.Add(sum);
            }
        }

        var wins = new int[kept.Count];
        foreach (var sample in _samples)
        {
            var bytes = kept.Select(k => Evaluate(sample, k.Bytes)).ToArray();
            for (var i = 0; i < wins.Length; i++)
            {
                wins[i] += bytes[i] == bytes.Max() ? 1 : 0;
            }
        }

        return [.. kept.Select((k, i) => k with { Share = wins[i] / (double)Samples }).OrderByDescending(k => k.Share).ThenBy(k => k.Step)];

        bool IsBelow(FormulaPiece small, FormulaPiece large)
        {
            var (a, b) = (values[small], values[large]);
            for (var i = 0; i < a.Length; i++)
            {
                if (a[i] > b[i])
                {
                    return false;
                }
            }

            return _facts.ProveLessOrEqual(small.Bytes, large.Bytes) == Proof.True;
        }
    }

    private static long Evaluate(DimEvaluator sample, Dim bytes) => sample.TryEvaluate(bytes, out var value) ? value : long.MaxValue;

    /// <summary>The different sums of bytes alive, each with its first step.</summary>
    private List<FormulaPiece> Sums(IReadOnlyList<SymbolicBuffer> buffers)
    {
        var result = new List<FormulaPiece>();
        var known = new HashSet<Dim>();
        var ending = buffers.GroupBy(b => b.Last).ToDictionary(g => g.Key, g => g.ToList());
        var (live, whole) = (_facts.Context.Zero, _facts.Context.Zero);
        var odd = new SortedDictionary<int, (Dim Bytes, int Count)>();
        var closed = 0;
        foreach (var start in buffers.GroupBy(b => b.First).OrderBy(g => g.Key))
        {
            for (; closed < start.Key; closed++)
            {
                foreach (var buffer in ending.GetValueOrDefault(closed) ?? [])
                {
                    Count(buffer, -1);
                }
            }

            foreach (var buffer in start)
            {
                Count(buffer, 1);
            }

            if (known.Add(live))
            {
                result.Add(new FormulaPiece { Bytes = live, Whole = whole, Odd = [.. odd.Values.Select(o => KeyValuePair.Create(o.Bytes, o.Count))], Step = start.Key });
            }
        }

        void Count(SymbolicBuffer buffer, int change)
        {
            live += buffer.Bytes * change;
            if (buffer.Odd is not { } bytes)
            {
                whole += buffer.Bytes * change;
                return;
            }

            var count = odd.GetValueOrDefault(bytes.Id).Count + change;
            if (count == 0)
            {
                odd.Remove(bytes.Id);
            }
            else
            {
                odd[bytes.Id] = (bytes, count);
            }
        }

        return result;
    }
}
