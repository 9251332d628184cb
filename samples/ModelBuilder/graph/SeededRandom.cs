namespace ModelBuilder;

/// <summary>
/// A small generator (SplitMix64) whose numbers depend on the seed alone, so that a model built twice is the same file everywhere.
/// </summary>
public sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong NextBits()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Nearly normal numbers: the sum of four uniform ones, which stays within 3.5 deviations of the mean.</summary>
    public void FillNormal(Span<float> values, float mean, float deviation)
    {
        // Four 16-bit uniforms have a sum of mean 2 and variance 4/12.
        var scale = deviation * MathF.Sqrt(3) / 65536;
        var shift = mean - (2 * deviation * MathF.Sqrt(3));
        for (var i = 0; i < values.Length; i++)
        {
            var bits = NextBits();
            var sum = (int)(bits & 0xFFFF) + (int)((bits >> 16) & 0xFFFF) + (int)((bits >> 32) & 0xFFFF) + (int)(bits >> 48);
            values[i] = (sum * scale) + shift;
        }
    }
}
