using System.Globalization;

namespace Dlc.Compiler.Cli;

/// <summary>Statistics of times.</summary>
internal static class Timing
{
    /// <summary>The median; of an even number the mean of the middle two.</summary>
    public static double Median(IReadOnlyCollection<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>Milliseconds as a person reads them.</summary>
    public static string Milliseconds(double value) => $"{value.ToString("0.000", CultureInfo.InvariantCulture)} ms";
}
