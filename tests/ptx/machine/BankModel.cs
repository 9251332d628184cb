using System.Numerics;

namespace Dlc.Ptx.Machine;

/// <summary>How many passes the hardware takes for the addresses of a warp.</summary>
internal static class BankModel
{
    private const int Banks = 32;
    private const int SectorBytes = 32;

    /// <summary>Passes through shared memory: 32 banks of 4 bytes; accesses of 8 and 16 bytes go in halves and quarters of a warp.</summary>
    public static (long Passes, long Least) Passes(ReadOnlySpan<ulong> addresses, uint mask, int bytes)
    {
        int lanes = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
        int words = Math.Max(1, bytes / 4);
        long passes = 0, least = 0;
        Span<ulong> seen = stackalloc ulong[32 * 4];
        Span<int> load = stackalloc int[Banks];
        for (int first = 0; first < 32; first += lanes)
        {
            uint part = lanes == 32 ? mask : (mask >> first) & ((1u << lanes) - 1);
            if (part == 0)
            {
                continue;
            }

            int count = 0, most = 0;
            load.Clear();
            for (uint rest = part; rest != 0; rest &= rest - 1)
            {
                ulong word = addresses[first + BitOperations.TrailingZeroCount(rest)] >> 2;
                for (int i = 0; i < words; i++, word++)
                {
                    // Lanes that read the same word are served at once; the last few are the likely ones.
                    if (seen[..count].Contains(word))
                    {
                        continue;
                    }

                    seen[count++] = word;
                    most = Math.Max(most, ++load[(int)(word % Banks)]);
                }
            }

            passes += most;
            least += (count + Banks - 1) / Banks;
        }

        return (passes, least);
    }

    /// <summary>Sectors of global memory.</summary>
    public static (long Sectors, long Least) Sectors(ReadOnlySpan<ulong> addresses, uint mask, int bytes)
    {
        Span<ulong> seen = stackalloc ulong[64];
        int count = 0;
        Span<ulong> elements = stackalloc ulong[32];
        int distinct = 0;
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

        return (count, ((long)distinct * bytes + SectorBytes - 1) / SectorBytes);
    }
}
