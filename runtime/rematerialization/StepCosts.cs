using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;

namespace Dlc.Runtime.Rematerialization;

/// <summary>What a step is estimated to cost at given dims.</summary>
internal static class StepCosts
{
    /// <summary>Scalar operations and seconds; none for steps whose cost data decides.</summary>
    public static (double Flops, double Seconds) Of(PreparedStep step, long[] slots, long[] bytes, CostRates rates)
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
