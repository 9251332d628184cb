namespace Dlc.Ptx;

/// <summary>Sizes of a grid or a block, or a place in one.</summary>
public readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    /// <summary>X * Y * Z.</summary>
    public long Count => (long)X * Y * Z;

    /// <summary>A row of <paramref name="x"/>.</summary>
    public static implicit operator Dim3(int x) => new(x);

    /// <inheritdoc/>
    public override string ToString() => $"({X}, {Y}, {Z})";

    /// <summary>The place that has the number <paramref name="index"/> when X runs fastest.</summary>
    internal Dim3 At(long index) => new((int)(index % X), (int)(index / X % Y), (int)(index / X / Y));
}
