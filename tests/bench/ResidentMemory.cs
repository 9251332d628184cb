using System.Globalization;

namespace Dlc.Bench;

/// <summary>
/// The resident memory of this process that no file stands behind: pages of a mapped model or library come and go as the system likes, and do not count.
/// </summary>
internal static class ResidentMemory
{
    /// <summary>Bytes in memory now.</summary>
    public static long Read()
    {
        var fields = File.ReadAllText("/proc/self/statm").Split(' ');
        var (resident, shared) = (long.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[2], CultureInfo.InvariantCulture));
        return (resident - shared) * Environment.SystemPageSize;
    }

    /// <summary>Bytes in memory when .NET has returned what it does not need.</summary>
    public static long Settle()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return Read();
    }
}
