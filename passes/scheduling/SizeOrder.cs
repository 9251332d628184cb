using Dlc.IR.Symbolic;

namespace Dlc.Passes.Scheduling;

/// <summary>
/// Compares symbolic sizes for all dims at once. Samples at a few dims tell quickly that two sizes do not compare; where they all agree, the facts are
/// asked for a proof. Every pair is decided once.
/// </summary>
internal sealed class SizeOrder(Facts facts, IReadOnlyList<DimEvaluator> samples)
{
    /// <summary>Proofs that are asked for at most; beyond, sizes that only the samples order count as not comparable.</summary>
    private const int MaximumProofs = 20_000;

    private readonly Dictionary<(Dim, Dim), bool> _atMost = [];
    private readonly Dictionary<Dim, long[]?> _values = [];
    private int _proofs;

    /// <summary>Whether a is proved to be at most b.</summary>
    public bool IsAtMost(Dim a, Dim b)
    {
        if (ReferenceEquals(a, b))
        {
            return true;
        }

        if (!_atMost.TryGetValue((a, b), out var result))
        {
            result = AgreesAtSamples(a, b) && _proofs++ < MaximumProofs && facts.ProveLessOrEqual(a, b) == Proof.True;
            _atMost.Add((a, b), result);
        }

        return result;
    }

    /// <summary>The values at all samples together; what is at most another size has a sum that is at most the other's.</summary>
    public double Sum(Dim dim)
    {
        if (Values(dim) is not { } values)
        {
            return double.MaxValue;
        }

        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum;
    }

    private bool AgreesAtSamples(Dim a, Dim b)
    {
        if (Values(a) is not { } left || Values(b) is not { } right)
        {
            return false;
        }

        for (var k = 0; k < left.Length; k++)
        {
            if (left[k] > right[k])
            {
                return false;
            }
        }

        return true;
    }

    private long[]? Values(Dim dim)
    {
        if (!_values.TryGetValue(dim, out var values))
        {
            values = new long[samples.Count];
            for (var k = 0; k < values.Length; k++)
            {
                if (!samples[k].TryEvaluate(dim, out values[k]))
                {
                    values = null;
                    break;
                }
            }

            _values.Add(dim, values);
        }

        return values;
    }
}
