using System.Numerics;

namespace Dlc.Ptx.Machine;

/// <summary>Tells all lanes for which of them a predicate holds (vote.sync).</summary>
/// <param name="mode">all, any, uni or ballot.</param>
internal sealed unsafe class VoteOperation(int members, string mode, int result, int predicate) : MeetingOperation(members)
{
    /// <inheritdoc/>
    public override void Run(Warp warp, uint mask)
    {
        uint yes = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            yes |= (uint)(warp.Slot(predicate)[lane] & 1) << lane;
        }

        ulong value = mode switch
        {
            "all" => yes == mask ? 1ul : 0,
            "any" => yes != 0 ? 1ul : 0,
            "uni" => yes == mask || yes == 0 ? 1ul : 0,
            _ => yes,
        };
        Exchange.Broadcast(warp, result, mask, value, (warp.Known(predicate) & mask) == mask);
    }
}

/// <summary>Which lanes hold the same value (match.any.sync), or whether all do (match.all.sync).</summary>
internal sealed unsafe class MatchOperation(int members, bool all, int result, int same, int source, bool wide) : MeetingOperation(members)
{
    /// <inheritdoc/>
    public override void Run(Warp warp, uint mask)
    {
        ulong cut = wide ? ulong.MaxValue : uint.MaxValue;
        bool known = (warp.Known(source) & mask) == mask;
        Span<ulong> found = stackalloc ulong[Warp.Lanes];
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            for (uint others = mask; others != 0; others &= others - 1)
            {
                int other = BitOperations.TrailingZeroCount(others);
                found[lane] |= ((warp.Slot(source)[lane] ^ warp.Slot(source)[other]) & cut) == 0 ? 1ul << other : 0;
            }
        }

        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            bool agreed = (uint)found[lane] == mask;
            if (result >= 0)
            {
                warp.Slot(result)[lane] = all && !agreed ? 0 : found[lane];
            }

            if (same >= 0)
            {
                warp.Slot(same)[lane] = agreed ? 1ul : 0;
            }
        }

        if (result >= 0)
        {
            warp.Define(result, mask, known ? mask : 0);
        }

        if (same >= 0)
        {
            warp.Define(same, mask, known ? mask : 0);
        }
    }
}

/// <summary>Combines a value of all lanes (redux.sync).</summary>
internal sealed unsafe class ReduceOperation(int members, int result, int source, Func<ulong, ulong, ulong> function) : MeetingOperation(members)
{
    /// <inheritdoc/>
    public override void Run(Warp warp, uint mask)
    {
        ulong total = warp.Slot(source)[BitOperations.TrailingZeroCount(mask)];
        for (uint rest = mask & (mask - 1); rest != 0; rest &= rest - 1)
        {
            total = function(total, warp.Slot(source)[BitOperations.TrailingZeroCount(rest)]);
        }

        Exchange.Broadcast(warp, result, mask, total, (warp.Known(source) & mask) == mask);
    }
}

/// <summary>Chooses a lane (elect.sync).</summary>
internal sealed unsafe class ElectOperation(int members, int result, int chosen) : MeetingOperation(members)
{
    /// <inheritdoc/>
    public override void Run(Warp warp, uint mask)
    {
        int leader = BitOperations.TrailingZeroCount(mask);
        if (result >= 0)
        {
            Exchange.Broadcast(warp, result, mask, (ulong)leader, true);
        }

        Exchange.Broadcast(warp, chosen, mask, 0, true);
        warp.Slot(chosen)[leader] = 1;
    }
}

/// <summary>The lanes that run together now (activemask).</summary>
internal sealed class ActiveMaskOperation(int result) : Operation
{
    /// <inheritdoc/>
    public override void Run(Warp warp, uint mask) => Exchange.Broadcast(warp, result, mask, mask, true);
}

/// <summary>What exchanges share.</summary>
internal static unsafe class Exchange
{
    /// <summary>Gives lanes the same value.</summary>
    public static void Broadcast(Warp warp, int result, uint mask, ulong value, bool known)
    {
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            warp.Slot(result)[BitOperations.TrailingZeroCount(rest)] = value;
        }

        warp.Define(result, mask, known ? mask : 0);
    }
}
