using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Dlc.Ptx.Machine;

/// <summary>Runs the blocks of a launch one after another. Freed by <see cref="Dispose"/>.</summary>
internal sealed unsafe class BlockRunner : IDisposable
{
    private const int Quantum = 20000;

    private readonly Launch _launch;
    private readonly Warp[] _warps;
    private readonly Dictionary<int, (int Arrived, long Expected)> _barriers = [];
    private readonly ThreadCopies[] _copies;

    /// <summary>Makes what all blocks of a launch need.</summary>
    public BlockRunner(Launch launch)
    {
        _launch = launch;
        var program = launch.Program;
        DynamicSharedBytes = launch.DynamicShared;
        Threads = checked((int)launch.Block.Count);
        var parts = program.SharedParts.ToList();
        if (launch.DynamicShared > 0)
        {
            parts.Add((program.DynamicShared, program.DynamicShared + launch.DynamicShared, "dynamic shared memory"));
        }

        Shared = new Region("shared memory", program.DynamicShared + launch.DynamicShared, AddressSpace.Shared) { Parts = [.. parts] };
        Shared.Record(program.SharedGranuleShift);
        Local = new Region("local memory", (long)program.LocalBytes * Threads, AddressSpace.Local);
        _warps = new Warp[(Threads + Warp.Lanes - 1) / Warp.Lanes];
        for (int i = 0; i < _warps.Length; i++)
        {
            _warps[i] = new Warp(this, program, i);
        }

        _copies = new ThreadCopies[Threads];
        for (int i = 0; i < Threads; i++)
        {
            _copies[i] = new();
        }

        Access = new MemoryAccess(launch, this);
    }

    /// <summary>Bytes of dynamic shared memory.</summary>
    public int DynamicSharedBytes { get; }

    /// <summary>Whether memory may be read before it is written.</summary>
    public bool AllowUninitialisedLoads => _launch.Options.AllowUninitialisedLoads;

    /// <summary>Threads of a block.</summary>
    public int Threads { get; }

    /// <summary>The block's memory.</summary>
    public Region Shared { get; }

    /// <summary>The memory of all threads, one after another.</summary>
    public Region Local { get; }

    /// <summary>Finds and checks what addresses name.</summary>
    public MemoryAccess Access { get; }

    /// <summary>The number of the block in the grid.</summary>
    public int BlockIndex { get; private set; }

    /// <summary>How often all threads have met.</summary>
    public int Epoch { get; private set; }

    /// <summary>Counts.</summary>
    public LaunchStatistics Statistics => _launch.Statistics;

    /// <summary>Asynchronous copies of a thread.</summary>
    public ThreadCopies Copies(int thread) => _copies[thread];

    /// <summary>Runs a block to its end.</summary>
    /// <exception cref="PtxFault">A check failed.</exception>
    public void Run(int blockIndex)
    {
        BlockIndex = blockIndex;
        Epoch = 0;
        _barriers.Clear();
        Shared.Forget();
        Local.Forget();
        Access.StartBlock();
        var place = _launch.Grid.At(blockIndex);
        foreach (var warp in _warps)
        {
            warp.Start(_launch.Block, place, _launch.Grid);
        }

        foreach (var copies in _copies)
        {
            copies.Pending.Clear();
            copies.Groups = 0;
        }

        while (true)
        {
            long ran = 0;
            bool alive = false;
            foreach (var warp in _warps)
            {
                if (warp.Live != 0)
                {
                    ran += warp.Run(Quantum);
                    alive |= warp.Live != 0;
                }
            }

            if (!alive)
            {
                break;
            }

            _launch.Budget -= ran;
            if (_launch.Budget < 0)
            {
                throw new PtxFault(
                    PtxCheck.Budget,
                    _launch.Program.Function.Name,
                    $"more than {_launch.Options.InstructionBudget} warp instructions; block {place} has not ended\n{Whereabouts()}");
            }

            if (ran == 0)
            {
                throw Stuck();
            }
        }
    }

    /// <summary>Counts an instruction.</summary>
    public void Count(Operation operation, uint mask)
    {
        Statistics.WarpInstructions[(int)operation.Kind]++;
        Statistics.LaneInstructions[(int)operation.Kind] += BitOperations.PopCount(mask);
    }

    /// <summary>Threads of a warp have come to a barrier.</summary>
    public void Arrive(Warp warp, int lane, int barrier, long threads, int count)
    {
        if (barrier is < 0 or > 15)
        {
            throw warp.Fault(PtxCheck.Divergence, lane, 0, $"there is no barrier {barrier}");
        }

        if (threads == 0 || threads % Warp.Lanes != 0 && threads > 0 && threads != Threads)
        {
            throw warp.Fault(PtxCheck.Divergence, lane, 0, $"{threads} threads at a barrier: must be a multiple of 32");
        }

        long expected = threads < 0 ? Threads : threads;
        var state = _barriers.GetValueOrDefault(barrier);
        if (state.Arrived != 0 && state.Expected != expected)
        {
            throw warp.Fault(
                PtxCheck.Divergence, lane, 0, $"barrier {barrier} is entered for {expected} threads, others wait there for {state.Expected}");
        }

        state = (state.Arrived + count, expected);
        if (state.Arrived < expected)
        {
            _barriers[barrier] = state;
            return;
        }

        _barriers.Remove(barrier);
        foreach (var other in _warps)
        {
            other.Release(barrier);
        }

        // What a part of the block has met for is not told apart from what nothing orders.
        if (expected == Threads)
        {
            Epoch++;
        }
    }

    /// <summary>The stamp of an access by a thread now.</summary>
    public ulong Stamp(Warp warp, int lane) => AccessStamp.Of(BlockIndex, (warp.Index * Warp.Lanes) + lane, Epoch, warp.Epoch);

    /// <summary>The error of a thread at an instruction.</summary>
    public PtxFault Fault(PtxCheck check, Operation operation, int thread, ulong address, string what) => new(
        check,
        _launch.Program.Function.Name,
        operation.Line,
        operation.Source,
        _launch.Grid.At(BlockIndex),
        _launch.Block.At(thread),
        address,
        what);

    /// <inheritdoc/>
    public void Dispose()
    {
        Shared.Dispose();
        Local.Dispose();
        foreach (var warp in _warps)
        {
            warp.Dispose();
        }
    }

    private PtxFault Stuck()
    {
        foreach (var warp in _warps)
        {
            foreach (var group in warp.Groups)
            {
                int thread = (warp.Index * Warp.Lanes) + BitOperations.TrailingZeroCount(group.Mask);
                return Fault(PtxCheck.Divergence, _launch.Program.Operations[group.Place], thread, 0, $"threads wait for others that never come\n{Whereabouts()}");
            }
        }

        throw new InvalidOperationException("nothing runs and nothing waits");
    }

    private string Whereabouts()
    {
        var text = new StringBuilder();
        int ended = Threads;
        foreach (var warp in _warps)
        {
            ended -= BitOperations.PopCount(warp.Live);
            foreach (var group in warp.Groups)
            {
                var operation = _launch.Program.Operations[group.Place];
                string state = group.State switch
                {
                    LaneState.AtBarrier => $"wait at barrier {group.Barrier}",
                    LaneState.Meeting => "wait for lanes of their warp",
                    _ => "run",
                };
                text.AppendLine($"    warp {warp.Index}, lanes 0x{group.Mask:x8}: {state} at line {operation.Line}: {operation.Source}");
                if (text.Length > 2000)
                {
                    return text.Append("    ...").ToString();
                }
            }
        }

        return text.Append($"    {ended} threads have ended").ToString();
    }
}
