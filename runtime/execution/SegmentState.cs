using Dlc.Runtime.Memory;
using Dlc.Runtime.Native;

namespace Dlc.Runtime.Execution;

/// <summary>
/// The plan of a bind point other than the entry, as it was used last: loops mostly repeat their sizes. What becomes known there goes on where the plans
/// before left off: into room of the arena that is free while it is needed, and what does not fit into a block of its own.
/// </summary>
internal sealed unsafe class SegmentState : IDisposable
{
    // A look of the arena's planner takes about 10 ns, in which a new page of memory gets some hundred bytes ready.
    private const long BytesPerLook = 512;

    private readonly PreparedPoint _point;
    private readonly ScopedBlock _block;
    private readonly long[] _planned;

    // The plans that were in force when this one was made: of the entry, and of the bind points before this one.
    private readonly PlacedBuffer[]?[] _before;
    private ArenaPlan? _plan;
    private long _wall;

    public SegmentState(PreparedPoint point, int runsBeforeTrim, IMemorySource? source, MemoryBudget? budget)
    {
        _point = point;
        _block = new ScopedBlock(runsBeforeTrim, source, budget);
        _planned = new long[point.Items.Length];
        Array.Fill(_planned, -1);
        _before = new PlacedBuffer[]?[point.Id];
        Sizes = new long[point.Items.Length];
    }

    /// <summary>Sizes of the items; to be filled before <see cref="Plan"/>.</summary>
    public long[] Sizes { get; }

    /// <summary>Bytes held outside of the arena.</summary>
    public long OwnBytes => _block.Capacity;

    /// <summary>The plan of this run, or null as long as the bind point was not reached.</summary>
    public ArenaPlan? Current { get; private set; }

    /// <summary>Plans for <see cref="Sizes"/> unless the last plan was made for the same.</summary>
    /// <param name="order">The order of the steps.</param>
    /// <param name="occupied">What lies in the arena by the plan of the run.</param>
    /// <param name="arenaBytes">Bytes of the arena.</param>
    /// <param name="others">Of all bind points, by number.</param>
    /// <param name="options">Whether results are written in place.</param>
    /// <param name="bytes">Bytes of all values by number.</param>
    /// <returns>Whether the limit leaves room for what does not fit into the arena.</returns>
    public bool TryPlan(
        PreparedOrder order, PlacedBuffer[] occupied, long arenaBytes, SegmentState?[] others, PlanOptions options, ReadOnlySpan<long> bytes)
    {
        bool isSame = _plan is not null && Sizes.AsSpan().SequenceEqual(_planned);
        for (int p = 0; p < _before.Length; p++)
        {
            var plan = p == 0 ? occupied : others[p]?.Current?.Buffers;
            isSame &= _before[p] == plan;
            _before[p] = plan;
        }

        if (!isSame)
        {
            Renew(order, arenaBytes, options, bytes);
        }

        if (!_block.Fits(_plan!.Bytes - _wall))
        {
            return false;
        }

        _block.Ensure(_plan.Bytes - _wall);
        Current = _plan;
        return true;
    }

    /// <summary>Where an item lies.</summary>
    public byte* AddressOf(int item, byte* arena)
    {
        long offset = _plan!.OffsetOf(item);
        return offset < _wall ? arena + offset : _block.Ensure(0) + (offset - _wall);
    }

    public void EndRun()
    {
        Current = null;
        _block.EndRun();
    }

    /// <summary>Frees its block; what lies by its plan is gone.</summary>
    public void Release()
    {
        Current = null;
        _block.Release();
    }

    public void Dispose() => _block.Dispose();

    // Apart from Plan, which runs every time: a lambda allocates what it captures as soon as its method begins.
    private void Renew(PreparedOrder order, long arenaBytes, PlanOptions options, ReadOnlySpan<long> bytes)
    {
        // Not valid while planning may still fail.
        _plan = null;
        _wall = arenaBytes;
        var groups = new ItemGroups(order.Lifetimes[_point.Id], options.InPlace ? order.Pairs[_point.Id] : [], Sizes, bytes);
        var obstacles = new List<PlacedBuffer>();
        foreach (var plan in _before)
        {
            obstacles.AddRange(plan is null ? [] : Array.FindAll(plan, b => b.Offset < arenaBytes));
        }

        var problem = groups.Problem(Sizes, [.. obstacles], _wall);
        var offsets = new long[problem.Count];
        for (int i = 0; i < problem.Fixed; i++)
        {
            offsets[i] = obstacles[i].Offset;
        }

        // One attempt mostly fits into what the arena leaves free. A search is worth as much as the block beside it that it could save.
        long peak = Math.Max(_wall, ArenaPlanner.Plan(problem, offsets, 0));
        if (peak > _wall && Math.Min(ArenaPlanner.DefaultBudget / 8, (peak - _wall) / BytesPerLook) is > 0 and var budget)
        {
            peak = Math.Max(_wall, ArenaPlanner.Plan(problem, offsets, budget));
        }

        Sizes.CopyTo(_planned, 0);
        _plan = new ArenaPlan(groups, problem, offsets, peak, 0);
    }
}
