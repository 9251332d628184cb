using System.Numerics;
using System.Runtime.InteropServices;

namespace Dlc.Ptx.Machine;

/// <summary>
/// 32 lanes. Lanes at the same place run in lock-step; of several groups the one that is least far in the text runs, so that groups meet again where the text
/// joins them. Registers are slots of 32 values. Freed by <see cref="Dispose"/>.
/// </summary>
internal sealed unsafe class Warp : IDisposable
{
    /// <summary>Lanes of a warp.</summary>
    public const int Lanes = 32;

    private readonly KernelProgram _program;
    private readonly Operation[] _operations;
    private readonly ulong* _registers;
    private readonly uint* _known;
    private readonly List<LaneGroup> _groups = [];
    private bool _turn;

    /// <summary>Makes warp number <paramref name="index"/> of the blocks that <paramref name="block"/> runs.</summary>
    public Warp(BlockRunner block, KernelProgram program, int index)
    {
        Block = block;
        Index = index;
        _program = program;
        _operations = program.Operations;
        _registers = (ulong*)NativeMemory.AllocZeroed((nuint)program.Slots * Lanes, sizeof(ulong));
        _known = (uint*)NativeMemory.AllocZeroed((nuint)program.Slots, sizeof(uint));
        foreach (var (slot, value) in program.Constants)
        {
            new Span<ulong>(Slot(slot), Lanes).Fill(value);
        }
    }

    /// <summary>The block.</summary>
    public BlockRunner Block { get; }

    /// <summary>The number of the warp in its block.</summary>
    public int Index { get; }

    /// <summary>Lanes that have not ended.</summary>
    public uint Live { get; private set; }

    /// <summary>How often the lanes of the warp have met with memory in order.</summary>
    public int Epoch { get; set; }

    /// <summary>The instruction that runs.</summary>
    public Operation Current { get; private set; } = null!;

    /// <summary>Lanes that wait or run, by place.</summary>
    public IReadOnlyList<LaneGroup> Groups => _groups;

    /// <summary>The values of a slot.</summary>
    public ulong* Slot(int slot) => _registers + ((nint)slot * Lanes);

    /// <summary>The lanes whose value of a slot has been written.</summary>
    public uint Known(int slot) => _known[slot];

    /// <summary>Says for which lanes of <paramref name="mask"/> the value of a slot is now made of written values.</summary>
    public void Define(int slot, uint mask, uint known) => _known[slot] = (_known[slot] & ~mask) | (known & mask);

    /// <summary>Puts the lanes at the start of the program.</summary>
    public void Start(Dim3 block, Dim3 place, Dim3 grid)
    {
        int first = Index * Lanes;
        int count = (int)Math.Min(Lanes, block.Count - first);
        Live = count == Lanes ? uint.MaxValue : (1u << count) - 1;
        Epoch = 0;
        _groups.Clear();
        _groups.Add(new(0, Live));
        NativeMemory.Clear(_known, (nuint)_program.Slots * sizeof(uint));
        foreach (var (slot, _) in _program.Constants)
        {
            _known[slot] = uint.MaxValue;
        }

        foreach (var (slot, name) in _program.Specials)
        {
            ulong* values = Slot(slot);
            _known[slot] = uint.MaxValue;
            for (int lane = 0; lane < Lanes; lane++)
            {
                values[lane] = Special(name, lane, block.At(first + lane), block, place, grid);
            }
        }
    }

    /// <summary>Runs until every lane waits or has ended, or <paramref name="quantum"/> instructions have run.</summary>
    /// <returns>How many instructions ran.</returns>
    public int Run(int quantum)
    {
        int left = quantum;
        while (left > 0 && Pick() is { } group)
        {
            int stop = int.MaxValue;
            foreach (var other in _groups)
            {
                if (other.Place > group.Place && other.Place < stop)
                {
                    stop = other.Place;
                }
            }

            bool same = true;
            while (same && group.Place < stop && left-- > 0)
            {
                var operation = _operations[group.Place];
                Current = operation;
                uint mask = group.Mask;
                if (operation.Guard >= 0)
                {
                    mask = Guarded(operation, mask);
                }

                Block.Count(operation, mask);
                switch (operation)
                {
                    case ControlOperation control:
                        same = Control(control, group, mask);
                        break;
                    case MeetingOperation meeting:
                        same = Meet(meeting, group, mask);
                        break;
                    default:
                        if (mask != 0)
                        {
                            operation.Run(this, mask);
                        }

                        group.Place++;
                        break;
                }
            }
        }

        // A group that spins for what another one does must not keep it from doing so.
        _turn = left <= 0;
        return quantum - Math.Max(left, 0);
    }

    /// <summary>Lets the lanes that wait at a barrier of the block go on.</summary>
    public void Release(int barrier)
    {
        foreach (var group in _groups)
        {
            if (group.State == LaneState.AtBarrier && group.Barrier == barrier)
            {
                group.State = LaneState.Running;
                group.Place++;
            }
        }
    }

    /// <summary>The error of a lane at the instruction that runs.</summary>
    public PtxFault Fault(PtxCheck check, int lane, ulong address, string what) => Block.Fault(check, Current, (Index * Lanes) + lane, address, what);

    /// <summary>Fails when a lane's value of a slot was made of registers or memory that nobody has written.</summary>
    public void Demand(int slot, uint mask, string use)
    {
        uint missing = mask & ~_known[slot];
        if (missing != 0)
        {
            throw Fault(PtxCheck.Uninitialised, BitOperations.TrailingZeroCount(missing), 0, $"{use} is made of a value that nobody has written");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_registers);
        NativeMemory.Free(_known);
    }

    private ulong Special(string name, int lane, Dim3 thread, Dim3 block, Dim3 place, Dim3 grid) => name switch
    {
        "%tid.x" => (ulong)thread.X,
        "%tid.y" => (ulong)thread.Y,
        "%tid.z" => (ulong)thread.Z,
        "%ntid.x" => (ulong)block.X,
        "%ntid.y" => (ulong)block.Y,
        "%ntid.z" => (ulong)block.Z,
        "%ctaid.x" => (ulong)place.X,
        "%ctaid.y" => (ulong)place.Y,
        "%ctaid.z" => (ulong)place.Z,
        "%nctaid.x" => (ulong)grid.X,
        "%nctaid.y" => (ulong)grid.Y,
        "%nctaid.z" => (ulong)grid.Z,
        "%laneid" => (ulong)lane,
        "%warpid" => (ulong)Index,
        "%nwarpid" => (ulong)((block.Count + Lanes - 1) / Lanes),
        "%smid" => 0,
        "%nsmid" => 1,
        "%gridid" => 0,
        "%lanemask_eq" => 1ul << lane,
        "%lanemask_lt" => (1ul << lane) - 1,
        "%lanemask_le" => (2ul << lane) - 1,
        "%lanemask_gt" => uint.MaxValue & ~((2ul << lane) - 1),
        "%lanemask_ge" => uint.MaxValue & ~((1ul << lane) - 1),
        "%dynamic_smem_size" => (ulong)Block.DynamicSharedBytes,
        "%total_smem_size" => (ulong)(_program.DynamicShared + Block.DynamicSharedBytes),
        _ => throw new InvalidOperationException($"no special register {name}"),
    };

    private LaneGroup? Pick()
    {
        Merge();
        LaneGroup? best = null;
        int running = 0;
        foreach (var group in _groups)
        {
            if (group.State == LaneState.Running)
            {
                running++;
                if (best is null || group.Place < best.Place)
                {
                    best = group;
                }
            }
        }

        if (_turn && running > 1)
        {
            _turn = false;
            var first = best;
            best = null;
            foreach (var group in _groups)
            {
                if (group.State == LaneState.Running && group != first && (best is null || group.Place < best.Place))
                {
                    best = group;
                }
            }
        }

        return best;
    }

    private void Merge()
    {
        for (int i = 0; i < _groups.Count; i++)
        {
            for (int j = _groups.Count - 1; j > i; j--)
            {
                if (_groups[i].Place == _groups[j].Place && _groups[i].State == LaneState.Running && _groups[j].State == LaneState.Running)
                {
                    _groups[i].Mask |= _groups[j].Mask;
                    _groups.RemoveAt(j);
                }
            }
        }
    }

    private uint Guarded(Operation operation, uint mask)
    {
        Demand(operation.Guard, mask, "the guard");
        ulong* guard = Slot(operation.Guard);
        uint yes = 0;
        for (int lane = 0; lane < Lanes; lane++)
        {
            yes |= (uint)(guard[lane] & 1) << lane;
        }

        return mask & (operation.GuardNegated ? ~yes : yes);
    }

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
