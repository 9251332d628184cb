namespace Dlc.Peers;

/// <summary>How far a float may be from what is expected: <c>|found - expected| &lt;= Relative * |expected| + Absolute</c>.</summary>
/// <param name="Relative">Share of the expected value.</param>
/// <param name="Absolute">An absolute distance, or where <paramref name="OfScale"/> is set a share of the largest finite expected magnitude.</param>
/// <param name="OfScale">Whether <paramref name="Absolute"/> counts in units of the output's scale.</param>
public sealed record Tolerance(double Relative, double Absolute, bool OfScale = false)
{
    /// <summary>The rule for whole models: 1e-3 relative, 1e-4 of the output's scale.</summary>
    public static Tolerance Model { get; } = new(1e-3, 1e-4, OfScale: true);

    /// <summary>The rule for ONNX's operator cases.</summary>
    public static Tolerance Operator { get; } = new(1e-3, 1e-5);
}
