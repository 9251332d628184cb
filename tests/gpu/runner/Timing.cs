using System.Diagnostics;

namespace Dlc.Gpu;

/// <summary>Times work that waits for itself.</summary>
internal static class Timing
{
    public static double Seconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>The median of some runs after others that do not count.</summary>
    public static double Median((int Warmups, int Runs) repeats, Action work)
    {
        for (int i = 0; i < repeats.Warmups; i++)
        {
            work();
        }

        return Median([.. Enumerable.Range(0, repeats.Runs).Select(_ => Seconds(work))]);
    }

    public static double Median(double[] times) => times.Order().ElementAt(times.Length / 2);
}
