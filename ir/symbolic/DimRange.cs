namespace Dlc.IR.Symbolic;

/// <summary>Inclusive bounds of a dim. <see cref="long.MinValue"/> and <see cref="long.MaxValue"/> mean unbounded.</summary>
public readonly record struct DimRange(long Minimum, long Maximum)
{
    /// <summary>No bounds.</summary>
    public static DimRange Unbounded => new(long.MinValue, long.MaxValue);

    /// <summary>Whether the range holds one value.</summary>
    public bool IsPoint => Minimum == Maximum;

    /// <summary>Whether <paramref name="value"/> lies within the bounds.</summary>
    public bool Contains(long value) => Minimum <= value && value <= Maximum;

    /// <summary>The values in both ranges; empty (minimum above maximum) where there are none.</summary>
    public DimRange Intersect(DimRange other) => new(Math.Max(Minimum, other.Minimum), Math.Min(Maximum, other.Maximum));
}
