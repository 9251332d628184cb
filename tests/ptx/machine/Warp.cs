using System.Numerics;
using System.Runtime.CompilerServices;
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

    private readonly Operation[] _operations;
    private readonly OperationForm[] _forms;
    private readonly ulong* _registers;
    private readonly uint* _known;
    private readonly LaneGroups _groups = new();
    private readonly WarpControl _control;

    /// <summary>Makes warp number <paramref name="index"/> of the blocks that <paramref name="block"/> runs.</summary>
    public Warp(BlockRunner block, KernelProgram program, int index)
    {
        Block = block;
        Index = index;
        Program = program;
        _control = new WarpControl(this, _groups);
        _operations = program.Operations;
        _forms = program.Forms;
        _registers = (ulong*)NativeMemory.AllocZeroed((nuint)program.Slots * Lanes, sizeof(ulong));
        _known = (uint*)NativeMemory.AllocZeroed((nuint)program.Slots, sizeof(uint));
        foreach (var (slot, value) in program.Constants)
        {
            new Span<ulong>(Slot(slot), Lanes).Fill(value);
        }
    }

    /// <summary>The block.</summary>
    public BlockRunner Block { get; }

    /// <summary>What it runs.</summary>
    public KernelProgram Program { get; }

    /// <summary>The number of the warp in its block.</summary>
    public int Index { get; }

    /// <summary>Lanes that have not ended.</summary>
    public uint Live { get; set; }

    /// <summary>How often the lanes of the warp have met with memory in order.</summary>
    public int Epoch { get; set; }

    /// <summary>The instruction that runs.</summary>
    public Operation Current { get; private set; } = null!;

    /// <summary>Lanes that wait or run, by place.</summary>
    public IReadOnlyList<LaneGroup> Groups => _groups.All;

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
        _groups.Start(Live);
        NativeMemory.Clear(_known, (nuint)Program.Slots * sizeof(uint));
        foreach (var (slot, _) in Program.Constants)
        {
            _known[slot] = uint.MaxValue;
        }

        foreach (var (slot, name) in Program.Specials)
        {
            ulong* values = Slot(slot);
            _known[slot] = uint.MaxValue;
            for (int lane = 0; lane < Lanes; lane++)
            {
                values[lane] = SpecialRegisters.Value(this, name, lane, block.At(first + lane), block, place, grid);
            }
        }
    }

    /// <summary>Runs until every lane waits or has ended, or <paramref name="quantum"/> instructions have run.</summary>
    /// <returns>How many instructions ran.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Run(int quantum)
    {
        int left = quantum;
        while (left > 0 && _groups.Pick() is { } group)
        {
            int stop = _groups.NextAfter(group.Place);
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
                switch (_forms[group.Place])
                {
                    case OperationForm.Control:
                        same = _control.Run((ControlOperation)operation, group, mask);
                        break;
                    case OperationForm.Meeting:
                        same = _control.Meet((MeetingOperation)operation, group, mask);
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

        _groups.Yield(left <= 0);
        return quantum - Math.Max(left, 0);
    }

    /// <summary>Lets the lanes that wait at a barrier of the block go on.</summary>
    public void Release(int barrier) => _groups.Release(barrier);

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
}
