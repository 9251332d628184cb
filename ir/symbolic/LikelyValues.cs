using System.Collections.Immutable;

namespace Dlc.IR.Symbolic;

/// <summary>Values of a dim worth specialising for, and who said so; nothing is proved from them.</summary>
public sealed record LikelyValues(Dim Dim, ImmutableArray<long> Values, string Source)
{
    /// <summary>Compares the values one by one.</summary>
    public bool Equals(LikelyValues? other) => other is not null && ReferenceEquals(Dim, other.Dim) && Source == other.Source
        && Values.AsSpan().SequenceEqual(other.Values.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Dim, Values.Length, Source);
}
