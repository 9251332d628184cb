using System.Numerics;

namespace Dlc.IR.Symbolic;

/// <summary>Values from which the search for witnesses starts: each lane has a kind of its own.</summary>
internal static class WitnessSeed
{
    /// <summary>How far from its bound a symbol without another bound starts.</summary>
    private const long Spread = 4096;

    private static readonly long[] Uniform = [1, 2, 3, 8, 12, 16, 48, 64];

    /// <summary>A value within the range: least, greatest, the same for all symbols, few that stand out, or random.</summary>
    public static double Start(Dim symbol, long step, DimRange range, int lane, int attempt)
    {
        var low = range.Minimum == long.MinValue ? Math.Min(0, range.Maximum) - Spread : range.Minimum;
        var high = (Int128)range.Maximum - low > Spread * Spread ? low + (Spread * Spread) : range.Maximum;
        var near = Math.Min(high, low + Spread);
        var random = Mix(symbol.ContentHash + ((ulong)(lane + (attempt * 61)) * 0xd1342543de82ef95));
        long value;
        switch (lane)
        {
            case 0:
                value = low;
                break;
            case 1:
                value = low + step;
                break;
            case 2:
                value = high;
                break;
            case < 11:
                value = Math.Max(low, Uniform[lane - 3]);
                break;
            case < 24:
                // Few stand out, or few stay behind: that tells apart what is only partly ordered.
                var isRare = random >> 40 < (1UL << 24) >> ((lane - 9) / 2);
                value = isRare == (lane % 2 == 0) ? near : low + step;
                break;
            default:
                var width = (ulong)(near - low) + 1;
                var bits = (int)((random >> 58) % (ulong)(BitOperations.Log2(width) + 1));
                value = low + (long)((random & ((2UL << bits) - 1)) % width);
                break;
        }

        return Fit(value, step, range);
    }

    /// <summary>The multiple of the step near the value, within the range where that holds one.</summary>
    public static double Fit(long value, long step, DimRange range)
    {
        value = Math.Max(Math.Min(value, range.Maximum), range.Minimum);
        var fitted = IntegerMath.FloorDiv(value, step) * step;
        return fitted < range.Minimum ? fitted + (double)step : fitted;
    }

    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
