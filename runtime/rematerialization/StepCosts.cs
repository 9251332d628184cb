using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;
using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Rematerialization;

/// <summary>What a step is estimated to cost at given dims.</summary>
internal static class StepCosts
{
    /// <summary>Bytes a second that move one way between the arena and memory outside.</summary>
    public static double TransferRate(PlanOptions options) => options.Calibration?.TransferBytesPerSecond ?? options.Rates.TransferBytesPerSecond;

    /// <summary>As the other form, by what was measured where it was.</summary>
    public static (double Flops, double Seconds) Of(PreparedStep step, ReadOnlySpan<long> slots, ReadOnlySpan<long> bytes, PlanOptions options)
    {
        var (flops, seconds) = Of(step, slots, bytes, options.Rates);
        return (flops, seconds * (options.Calibration?.FactorOf(step.Index) ?? 1));
    }

    /// <summary>Scalar operations and seconds; none for steps whose cost data decides.</summary>
    public static (double Flops, double Seconds) Of(PreparedStep step, ReadOnlySpan<long> slots, ReadOnlySpan<long> bytes, CostRates rates)
    {
        switch (step)
        {
            case PreparedLaunch launch:
                var source = (LaunchStep)launch.Source;
                double flops = source.FlopsSlot < 0 ? 0 : slots[source.FlopsSlot];
                double traffic = source.TrafficSlot < 0 ? 0 : slots[source.TrafficSlot];
                return (flops, rates.Seconds(flops, traffic));
            case PreparedCopy copy:
                return (0, rates.Seconds(0, 2.0 * bytes[copy.To]));
            default:
                return (0, 0);
        }
    }
}
