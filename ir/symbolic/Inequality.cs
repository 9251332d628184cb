namespace Dlc.IR.Symbolic;

/// <summary>An expression known to be at least 0, kept as it was given; its normal form is found again when rewrites have changed.</summary>
internal sealed class Inequality(Dim expression)
{
    public Dim Expression => expression;

    /// <summary>Normal form as of <see cref="Version"/>; null where it overflows.</summary>
    public LinearForm? Form { get; set; }

    public int Version { get; set; }

    /// <summary>Values of <see cref="Form"/> for the witnesses, as of <see cref="LaneVersion"/>.</summary>
    public double[]? Lanes { get; set; }

    public int LaneVersion { get; set; }

    /// <summary>Whether it waits for its bounds to be propagated.</summary>
    public bool Queued { get; set; }
}
