using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dlc.Ptx.Machine;

/// <summary>Lanes meet, and what they wrote before can be read by the others (bar.warp.sync).</summary>
internal sealed class WarpBarrierOperation(int members) : MeetingOperation(members)
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        // A part of the warp is not told apart: only meetings of all lanes put memory in order.
        if (mask == warp.Live)
        {
            warp.Epoch++;
        }
    }
}

/// <summary>Orders memory for the whole device.</summary>
internal sealed class FenceOperation : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask) => warp.Block.Access.Fence();
}

/// <summary>Reads a register of another lane (shfl.sync).</summary>
internal sealed unsafe class ShuffleOperation(int members, string mode, int result, int found, int source, int lanes, int clamp)
    : MeetingOperation(members)
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        warp.Demand(lanes, mask, "the lane to read from");
        Span<ulong> before = stackalloc ulong[Warp.Lanes];
        new ReadOnlySpan<ulong>(warp.Slot(source), Warp.Lanes).CopyTo(before);
        uint known = warp.Known(source), knownAfter = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            int operand = (int)warp.Slot(lanes)[lane] & 31;
            uint control = (uint)warp.Slot(clamp)[lane];
            int segment = (int)(control >> 8) & 31, limit = (int)control & 31;
            int greatest = (lane & segment) | (limit & ~segment);
            int least = lane & segment;
            int from = mode switch
            {
                "up" => lane - operand,
                "down" => lane + operand,
                "bfly" => lane ^ operand,
                _ => least | (operand & ~segment),
            };
            bool inside = mode == "up" ? from >= greatest : from <= greatest;
            from = inside ? from : lane;
            if ((mask >> from & 1) == 0)
            {
                throw warp.Fault(PtxCheck.Divergence, lane, 0, $"the lane reads lane {from}, which does not take part (0x{mask:x8} do)");
            }

            knownAfter |= (known >> from & 1) << lane;
            if (result >= 0)
            {
                warp.Slot(result)[lane] = (uint)before[from];
            }

            if (found >= 0)
            {
                warp.Slot(found)[lane] = inside ? 1ul : 0;
            }
        }

        if (result >= 0)
        {
            warp.Define(result, mask, knownAfter);
        }

        if (found >= 0)
        {
            warp.Define(found, mask, mask);
        }
    }
}
