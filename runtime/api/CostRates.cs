namespace Dlc.Runtime;

/// <summary>How fast a device works, for estimates of time: a step takes as long as its operations or its traffic, whichever is longer.</summary>
/// <param name="FlopsPerSecond">Scalar operations in a second, by all threads together.</param>
/// <param name="BytesPerSecond">Bytes moved between processor and memory in a second.</param>
/// <param name="TransferBytesPerSecond">Bytes moved in a second between the arena and memory outside of it, one way.</param>
public sealed record CostRates(double FlopsPerSecond, double BytesPerSecond, double TransferBytesPerSecond = 5e9)
{
    /// <summary>A middling processor of today with a few cores.</summary>
    public static CostRates Default { get; } = new(1e11, 2e10);

    /// <summary>A data-centre GPU of today behind PCIe.</summary>
    public static CostRates Gpu { get; } = new(2e13, 1.5e12, 2e10);

    /// <summary>These rates, or those of a GPU where nobody chose any and the code is for one.</summary>
    internal CostRates For(Format.TargetInfo target) => target.IsGpu && ReferenceEquals(this, Default) ? Gpu : this;

    /// <summary>Seconds for so many operations and bytes.</summary>
    public double Seconds(double flops, double bytes) => Math.Max(flops / FlopsPerSecond, bytes / BytesPerSecond);
}
