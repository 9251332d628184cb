using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dlc.Ptx.Machine;

/// <summary>How lanes of a warp part, wait for each other and end.</summary>
internal sealed unsafe class WarpControl(Warp warp, LaneGroups groups)
{
    /// <summary>Does an operation that moves lanes.</summary>
    /// <returns>Whether the group is as it was, and runs on.</returns>
    public bool Run(ControlOperation operation, LaneGroup group, uint mask)
    {
        if (mask == 0)
        {
            group.Place++;
            return true;
        }

        bool whole = group.Mask == mask;
        switch (operation)
        {
            case BranchOperation branch:
                groups.Split(group, mask).Place = branch.Target;
                return whole;
            case BranchTableOperation table:
                Branch(table, group, mask);
                return false;
            case ExitOperation:
                groups.Remove(groups.Split(group, mask));
                warp.Live &= ~mask;
                groups.Retry();
                return false;
            case TrapOperation:
                throw warp.Fault(PtxCheck.Trap, BitOperations.TrailingZeroCount(mask), 0, "the kernel executed trap");
            case BarrierOperation barrier:
                Arrive(barrier, group, mask);
                return false;
            default:
                throw new InvalidOperationException($"no control operation {operation.GetType().Name}");
        }
    }

    private void Branch(BranchTableOperation table, LaneGroup group, uint mask)
    {
        warp.Demand(table.Selector, mask, "the number of the branch's target");
        var part = groups.Split(group, mask);
        int place = part.Place;
        ulong* selector = warp.Slot(table.Selector);
        for (uint rest = mask; rest != 0;)
        {
            int first = BitOperations.TrailingZeroCount(rest);
            uint target = (uint)selector[first];
            if (target >= table.Targets.Length)
            {
                throw warp.Fault(PtxCheck.OutOfBounds, first, 0, $"target {target} of {table.Targets.Length}");
            }

            uint lanes = 0;
            for (uint others = rest; others != 0; others &= others - 1)
            {
                int lane = BitOperations.TrailingZeroCount(others);
                lanes |= (uint)selector[lane] == target ? 1u << lane : 0;
            }

            rest &= ~lanes;
            groups.Add(table.Targets[target], lanes);
        }

        groups.Remove(part);
    }

    private void Arrive(BarrierOperation operation, LaneGroup group, uint mask)
    {
        var part = operation.IsAligned ? groups.Gather(group, mask) : groups.Split(group, mask);
        if (operation.IsAligned && part.Mask != warp.Live)
        {
            part.State = LaneState.Meeting;
            return;
        }

        warp.Demand(operation.Barrier, part.Mask, "the number of the barrier");
        int lane = BitOperations.TrailingZeroCount(part.Mask);
        int barrier = (int)warp.Slot(operation.Barrier)[lane];
        long threads = operation.Threads < 0 ? -1 : (long)(uint)warp.Slot(operation.Threads)[lane];
        if (operation.Waits)
        {
            part.State = LaneState.AtBarrier;
            part.Barrier = barrier;
        }
        else
        {
            part.Place++;
        }

        warp.Block.Arrive(warp, lane, barrier, threads, BitOperations.PopCount(part.Mask));
    }

    /// <summary>Does an operation of lanes together, when those that it names are here.</summary>
    /// <returns>As <see cref="Run"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Meet(MeetingOperation operation, LaneGroup group, uint mask)
    {
        if (mask == 0)
        {
            group.Place++;
            return true;
        }

        bool whole = group.Mask == mask;
        uint members = uint.MaxValue;
        if (operation.Members >= 0)
        {
            warp.Demand(operation.Members, mask, "the mask of lanes");
            members = (uint)warp.Slot(operation.Members)[BitOperations.TrailingZeroCount(mask)];
        }

        // The usual case: all are here.
        if (whole && mask == warp.Live && members == uint.MaxValue && Uniform(operation, mask, members))
        {
            RunMeeting(operation, mask);
            group.Place++;
            return true;
        }

        var part = groups.Gather(group, mask);
        uint waiting = part.Mask;
        for (uint rest = part.Mask; rest != 0;)
        {
            int first = BitOperations.TrailingZeroCount(rest);
            uint named = operation.Members < 0 ? uint.MaxValue : (uint)warp.Slot(operation.Members)[first];
            uint agreed = 0;
            for (uint others = rest; others != 0; others &= others - 1)
            {
                int lane = BitOperations.TrailingZeroCount(others);
                agreed |= operation.Members < 0 || (uint)warp.Slot(operation.Members)[lane] == named ? 1u << lane : 0;
            }

            rest &= ~agreed;
            if ((agreed & ~named) != 0)
            {
                throw warp.Fault(
                    PtxCheck.Divergence, BitOperations.TrailingZeroCount(agreed & ~named), 0, $"the lane is not among the lanes 0x{named:x8} that it names");
            }

            if ((named & warp.Live & ~agreed) == 0)
            {
                RunMeeting(operation, agreed);
                waiting &= ~agreed;
            }
        }

        uint gone = part.Mask & ~waiting;
        if (gone != 0)
        {
            groups.Add(part.Place + 1, gone);
        }

        if (waiting == 0)
        {
            groups.Remove(part);
        }
        else
        {
            part.Mask = waiting;
            part.State = LaneState.Meeting;
        }

        return false;
    }

    private bool Uniform(MeetingOperation operation, uint mask, uint members)
    {
        if (operation.Members < 0)
        {
            return true;
        }

        ulong* slot = warp.Slot(operation.Members);
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            if ((uint)slot[BitOperations.TrailingZeroCount(rest)] != members)
            {
                return false;
            }
        }

        return true;
    }

    private void RunMeeting(MeetingOperation operation, uint mask)
    {
        if (operation.Members < 0 && mask != uint.MaxValue)
        {
            throw warp.Fault(
                PtxCheck.Divergence, BitOperations.TrailingZeroCount(~mask), 0, $"the whole warp must execute this; here are the lanes 0x{mask:x8}");
        }

        operation.Run(warp, mask);
    }
}
