using System.Globalization;

namespace Dlc.Bench;

/// <summary>The resident memory of this process.</summary>
internal static class ResidentMemory
{
    /// <summary>Bytes in memory now.</summary>
    public static long Read()
    {
        var fields = File.ReadAllText("/proc/self/statm").Split(' ');
        return long.Parse(fields[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
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
