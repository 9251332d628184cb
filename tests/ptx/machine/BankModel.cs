using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dlc.Ptx.Machine;

/// <summary>How many passes the hardware takes for the addresses of a warp.</summary>
internal static class BankModel
{
    private const int Banks = 32;
    private const int BankBytes = 4;
    private const int SectorBytes = 32;

    /// <summary>Passes through shared memory: 32 banks of 4 bytes; accesses of 8 and 16 bytes go in halves and quarters of a warp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (long Passes, long Least) Passes(ReadOnlySpan<ulong> addresses, uint mask, int bytes)
    {
        if (bytes >= BankBytes && Contiguous(addresses, mask, bytes))
        {
            long all = 32L * bytes / (Banks * BankBytes);
            return (all, all);
        }

        int lanes = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
        int words = Math.Max(1, bytes / BankBytes);
        long passes = 0, least = 0;
        Span<ulong> first = stackalloc ulong[Banks];
        Span<ulong> others = stackalloc ulong[Banks * 4];
        Span<byte> load = stackalloc byte[Banks];
        for (int start = 0; start < 32; start += lanes)
        {
            uint part = lanes == 32 ? mask : (mask >> start) & ((1u << lanes) - 1);
            int distinct = 0, most = 0, count = 0;
            load.Clear();
            for (uint rest = part; rest != 0; rest &= rest - 1)
            {
                ulong word = addresses[start + BitOperations.TrailingZeroCount(rest)] / BankBytes;
                for (int i = 0; i < words; i++, word++)
                {
                    int bank = (int)(word % Banks);
                    if (load[bank] == 0)
                    {
                        first[bank] = word;
                    }
                    else if (first[bank] == word || others[..count].Contains(word))
                    {
                        // Lanes that read the same word are served at once.
                        continue;
                    }
                    else
                    {
                        others[count++] = word;
                    }

                    distinct++;
                    most = Math.Max(most, ++load[bank]);
                }
            }

            passes += most;
            least += (distinct + Banks - 1) / Banks;
        }

        return (passes, least);
    }

    /// <summary>Sectors of global memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (long Sectors, long Least) Sectors(ReadOnlySpan<ulong> addresses, uint mask, int bytes)
    {
        if (Contiguous(addresses, mask, bytes))
        {
            ulong end = addresses[31] + (ulong)bytes - 1;
            return ((long)((end / SectorBytes) - (addresses[0] / SectorBytes) + 1), ((32L * bytes) + SectorBytes - 1) / SectorBytes);
        }

        Span<ulong> seen = stackalloc ulong[64];
        Span<ulong> elements = stackalloc ulong[32];
        int count = 0, distinct = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            ulong address = addresses[BitOperations.TrailingZeroCount(rest)];
            if (elements[..distinct].Contains(address))
            {
                continue;
            }

            elements[distinct++] = address;
            ulong sector = address / SectorBytes;
            if (!seen[..count].Contains(sector))
            {
                seen[count++] = sector;
            }
        }

        return (count, (((long)distinct * bytes) + SectorBytes - 1) / SectorBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Contiguous(ReadOnlySpan<ulong> addresses, uint mask, int bytes)
    {
        if (mask != uint.MaxValue)
        {
            return false;
        }

        for (int lane = 1; lane < 32; lane++)
        {
            if (addresses[lane] - addresses[lane - 1] != (ulong)bytes)
            {
                return false;
            }
        }

        return true;
    }
}
