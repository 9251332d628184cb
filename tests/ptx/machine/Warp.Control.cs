using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dlc.Ptx.Machine;

/// <content>How lanes part, wait for each other and end.</content>
internal sealed unsafe partial class Warp
{
    // Splits off the lanes of a mask; what remains goes on behind the instruction.
    private LaneGroup Split(LaneGroup group, uint mask)
    {
        if (group.Mask == mask)
        {
            return group;
        }

        var part = new LaneGroup(group.Place, mask);
        group.Mask &= ~mask;
        group.Place++;
        _groups.Add(part);
        return part;
    }

    private bool Control(ControlOperation operation, LaneGroup group, uint mask)
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
                Split(group, mask).Place = branch.Target;
                return whole;
            case BranchTableOperation table:
                Branch(table, group, mask);
                return false;
            case ExitOperation:
                _groups.Remove(Split(group, mask));
                Live &= ~mask;
                Retry();
                return false;
            case TrapOperation:
                throw Fault(PtxCheck.Trap, BitOperations.TrailingZeroCount(mask), 0, "the kernel executed trap");
            case BarrierOperation barrier:
                Arrive(barrier, group, mask);
                return false;
            default:
                throw new InvalidOperationException($"no control operation {operation.GetType().Name}");
        }
    }

    private void Branch(BranchTableOperation table, LaneGroup group, uint mask)
    {
        Demand(table.Selector, mask, "the number of the branch's target");
        var part = Split(group, mask);
        int place = part.Place;
        ulong* selector = Slot(table.Selector);
        for (uint rest = mask; rest != 0;)
        {
            int first = BitOperations.TrailingZeroCount(rest);
            uint target = (uint)selector[first];
            if (target >= table.Targets.Length)
            {
                throw Fault(PtxCheck.OutOfBounds, first, 0, $"target {target} of {table.Targets.Length}");
            }

            uint lanes = 0;
            for (uint others = rest; others != 0; others &= others - 1)
            {
                int lane = BitOperations.TrailingZeroCount(others);
                lanes |= (uint)selector[lane] == target ? 1u << lane : 0;
            }

            rest &= ~lanes;
            _groups.Add(new(table.Targets[target], lanes));
        }

        _groups.Remove(part);
    }

    // Lanes that wait for each other look again whether all have come.
    private void Retry()
    {
        foreach (var group in _groups)
        {
            if (group.State == LaneState.Meeting)
            {
                group.State = LaneState.Running;
            }
        }
    }

    private LaneGroup Gather(LaneGroup group, uint mask)
    {
        var part = Split(group, mask);
        for (int i = _groups.Count - 1; i >= 0; i--)
        {
            if (_groups[i] != part && _groups[i].Place == part.Place && _groups[i].State == LaneState.Meeting)
            {
                part.Mask |= _groups[i].Mask;
                _groups.RemoveAt(i);
            }
        }

        return part;
    }

    private void Arrive(BarrierOperation operation, LaneGroup group, uint mask)
    {
        var part = operation.IsAligned ? Gather(group, mask) : Split(group, mask);
        if (operation.IsAligned && part.Mask != Live)
        {
            part.State = LaneState.Meeting;
            return;
        }

        Demand(operation.Barrier, part.Mask, "the number of the barrier");
        int lane = BitOperations.TrailingZeroCount(part.Mask);
        int barrier = (int)Slot(operation.Barrier)[lane];
        long threads = operation.Threads < 0 ? -1 : (long)(uint)Slot(operation.Threads)[lane];
        if (operation.Waits)
        {
            part.State = LaneState.AtBarrier;
            part.Barrier = barrier;
        }
        else
        {
            part.Place++;
        }

        Block.Arrive(this, lane, barrier, threads, BitOperations.PopCount(part.Mask));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Meet(MeetingOperation operation, LaneGroup group, uint mask)
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
            Demand(operation.Members, mask, "the mask of lanes");
            members = (uint)Slot(operation.Members)[BitOperations.TrailingZeroCount(mask)];
        }

        // The usual case: all are here.
        if (whole && mask == Live && members == uint.MaxValue && Uniform(operation, mask, members))
        {
            RunMeeting(operation, mask);
            group.Place++;
            return true;
        }

        var part = Gather(group, mask);
        uint waiting = part.Mask;
        for (uint rest = part.Mask; rest != 0;)
        {
            int first = BitOperations.TrailingZeroCount(rest);
            uint named = operation.Members < 0 ? uint.MaxValue : (uint)Slot(operation.Members)[first];
            uint agreed = 0;
            for (uint others = rest; others != 0; others &= others - 1)
            {
                int lane = BitOperations.TrailingZeroCount(others);
                agreed |= operation.Members < 0 || (uint)Slot(operation.Members)[lane] == named ? 1u << lane : 0;
            }

            rest &= ~agreed;
            if ((agreed & ~named) != 0)
            {
                throw Fault(
                    PtxCheck.Divergence, BitOperations.TrailingZeroCount(agreed & ~named), 0, $"the lane is not among the lanes 0x{named:x8} that it names");
            }

            if ((named & Live & ~agreed) == 0)
            {
                RunMeeting(operation, agreed);
                waiting &= ~agreed;
            }
        }

        uint gone = part.Mask & ~waiting;
        if (gone != 0)
        {
            _groups.Add(new(part.Place + 1, gone));
        }

        if (waiting == 0)
        {
            _groups.Remove(part);
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

        ulong* slot = Slot(operation.Members);
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
            throw Fault(
                PtxCheck.Divergence, BitOperations.TrailingZeroCount(~mask), 0, $"the whole warp must execute this; here are the lanes 0x{mask:x8}");
        }

        operation.Run(this, mask);
    }
}
