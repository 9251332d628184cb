using System.Runtime.InteropServices;
using Dlc.Runtime.Device;
using Dlc.Runtime.Format;
using Dlc.Runtime.Memory;
using Dlc.Runtime.Native;
using Dlc.Runtime.Rematerialization;

namespace Dlc.Runtime.Execution;

/// <summary>
/// The memory of one execution, and the plan for it. Gives values their addresses at bind points: at the entry from the plan of the
/// signature, later from the block of the bind point. Other parts of the run read them in its <see cref="Table"/>.
/// </summary>
internal sealed unsafe partial class ValueStore : IRoomKeeper, IDisposable
{
    private readonly PreparedModel _model;
    private readonly long[] _key;
    private readonly NativeBlock _arena;

    /// <summary>What left the arena for a while.</summary>
    private readonly OutsideMemory _outside;
    private readonly DeviceContext? _device;
    private readonly SegmentState?[] _segments;
    private readonly PlanOptions _options;
    private ArenaPolicy _policy;
    private SignaturePlan? _plan;
    private SignaturePlan? _entered;

    /// <summary>Where the arena is that the addresses point into: ours or the host's.</summary>
    private byte* _base;
    private bool _isHosts;

    public ValueStore(LoadedExecutable executable, int runsBeforeTrim, long keptArenaBytes, PlanOptions options, DeviceContext? device)
    {
        _device = device;
        Budget = options.MemoryLimit < long.MaxValue ? new MemoryBudget() : null;
        _arena = new NativeBlock(device, Budget);
        _outside = new OutsideMemory(device);
        _mover = new ArenaMover(device);
        Table = new ValueTable(executable, runsBeforeTrim, device, Budget, Budget is null ? null : this);
        _options = options;
        _model = executable.Prepared;
        _key = new long[_model.KeyLength];
        _policy = new ArenaPolicy(runsBeforeTrim, keptArenaBytes);
        _firstItem = new int[_model.Points.Length];
        for (int p = 1; p < _firstItem.Length; p++)
        {
            _firstItem[p] = _firstItem[p - 1] + _model.Points[p - 1].Items.Length;
        }

        _sizes = new long[_firstItem[^1] + _model.Points[^1].Items.Length];
        _isResolved = new bool[_model.Points.Length];
        _segments = new SegmentState?[_model.Points.Length];
        for (int p = 1; p < _segments.Length; p++)
        {
            _segments[p] = _model.Points[p].Items.Length > 0 ? new SegmentState(_model.Points[p], runsBeforeTrim, device, Budget) : null;
        }
    }

    /// <summary>What is known of the values.</summary>
    public ValueTable Table { get; }

    /// <summary>What all blocks may hold together, under a limit.</summary>
    public MemoryBudget? Budget { get; }

    /// <summary>Where the arena of the run is.</summary>
    public byte* ArenaAddress => _base;

    /// <summary>Where values go that leave the arena for a while.</summary>
    public byte* OutsideAddress => _outside.Address;

    /// <summary>Bytes allocated now for intermediate values.</summary>
    public long AllocatedBytes
    {
        get
        {
            long sum = _arena.Capacity;
            foreach (var segment in _segments)
            {
                sum += segment?.OwnBytes ?? 0;
            }

            return sum + Table.OwnBytes;
        }
    }

    /// <summary>Begins an execution: checks the input dims, takes or makes the plan for them, and gives addresses.</summary>
    /// <returns>The plan.</returns>
    /// <exception cref="DlcRuntimeException">Whatever is wrong with the dims.</exception>
    public SignaturePlan Enter(RunBinding binding, PlanCache cache)
    {
        var plan = PlanFor(binding, cache);
        _entered = plan;
        if (Budget is not null)
        {
            Budget.Begin(_options.MemoryLimit - plan.OutsideBytes);
            if (Budget.Held - _arena.Capacity + Math.Max(_arena.Capacity, plan.ArenaBytes) > Budget.Room)
            {
                // Held from runs with other dims.
                ReleaseBlocks();
                if (plan.ArenaBytes < _arena.Capacity)
                {
                    Shrink(plan.ArenaBytes);
                }
            }
        }

        byte* hosts = binding.ArenaFor(plan.ArenaBytes, _device is not null);
        if (hosts != null)
        {
            if (Budget is not null)
            {
                _arena.Resize(0);
                Budget.Begin(_options.MemoryLimit - plan.OutsideBytes - plan.ArenaBytes);
            }
        }

        if (plan == _plan && (hosts == null ? !_isHosts : hosts == _base))
        {
            Table.AssignAddresses(_model.Points[0].Volatile);
        }
        else
        {
            Adopt(plan, hosts);
        }

        BeginRun(plan);
        return plan;
    }

    /// <summary>Takes or makes the plan for the dims that <paramref name="binding"/> has.</summary>
    public SignaturePlan PlanFor(RunBinding binding, PlanCache cache)
    {
        Table.Begin(binding);
        int at = 0;
        for (int i = 0; i < _model.Model.Inputs.Length; i++)
        {
            foreach (long dim in binding.RequireInput(i).Dims)
            {
                _key[at++] = dim;
            }
        }

        if (_plan is not null && !IsStale(_plan) && _key.AsSpan().SequenceEqual(_plan.Key))
        {
            return _plan;
        }

        ulong hash = PlanCache.HashOf(_key);
        var plan = cache.Find(_key, hash);
        KnownSizes? learned = null;
        if (plan is not null && IsStale(plan))
        {
            learned = plan.Learned ?? plan.Expected;
            cache.Remove(plan);
            plan = null;
        }

        if (plan is null)
        {
            plan = SignaturePlanner.Make(_model, _key, _options, learned);
            cache.Add(plan);
        }

        return plan;
    }

    /// <summary>Whether a run found more than a plan foresaw, or it was made under a limit before its costs were measured.</summary>
    private bool IsStale(SignaturePlan plan) => plan.Learned is not null || plan is { Limited: not null, IsCalibrated: false } && _options.Calibration?.IsComplete == true;

    private void ReleaseBlocks()
    {
        foreach (var segment in _segments)
        {
            segment?.Release();
        }

        Table.Release();
    }

    /// <summary>Ends an execution, which may have failed.</summary>
    public void Leave()
    {
        Learn();
        Table.EndRun();
        foreach (var segment in _segments)
        {
            segment?.EndRun();
        }

        _outside.EndRun();
        if (_limited is { First: > 0 })
        {
            // Nothing lies where the plan of the signature has it.
            _plan = null;
        }

        _limited = null;

        if (_entered is not null)
        {
            _entered = null;
            long capacity = _policy.After(_isHosts ? 0 : _arenaBytes, _arena.Capacity);
            if (capacity < _arena.Capacity)
            {
                Shrink(capacity);
            }
        }
    }

    /// <summary>Makes the arena smaller; 0 frees it. Not while a run is under way.</summary>
    public void Shrink(long capacity)
    {
        if (capacity < _arena.Capacity)
        {
            _plan = null;
            _arena.Resize(capacity);
        }
    }

    /// <summary>Runs the instructions of a bind point after the entry and gives addresses to the values known from here on.</summary>
    public void Resolve(int pointId)
    {
        var point = _model.Points[pointId];
        ShapeMachine.Run(point, Table.Slots, _model.Model.SlotNames);
        bool fits = true;
        foreach (int v in point.Values)
        {
            Table.Bytes[v] = ValueSizes.Of(_model.Model, v, Table.Slots);
            if (_model.Roles[v] == ValueRole.Output && Budget is not null)
            {
                fits &= Budget.Charge(Table.Bytes[v]);
            }
        }

        int first = _firstItem[pointId];
        for (int i = 0; i < point.Items.Length; i++)
        {
            _sizes[first + i] = ValueSizes.Of(_model, point.Items[i], Table.Slots, _options.Threads);
        }

        if (Budget is not null)
        {
            Reach(pointId);
        }

        if (_limited?.Problem.Known.IsKnown[pointId] == true)
        {
            fits = fits && IsForeseen(pointId);
            if (fits)
            {
                PlaceForeseen(pointId);
            }
        }
        else if (fits && _segments[pointId] is { } segment)
        {
            fits = TryPlace(point, segment);
        }

        if (!fits)
        {
            PlanRest(-1, 0);
        }

        Budget?.Note();
        Table.AssignAddresses(point.Values);
        _fresh = -1;
    }

    public void Dispose()
    {
        _arena.Dispose();
        _outside.Dispose();
        foreach (var segment in _segments)
        {
            segment?.Dispose();
        }

        Table.Dispose();
    }

    private void Adopt(SignaturePlan plan, byte* hosts)
    {
        _plan = null;
        var point = _model.Points[0];
        plan.Slots.CopyTo(new Span<long>(Table.Slots, plan.Slots.Length));
        plan.Bytes.CopyTo(new Span<long>(Table.Bytes, plan.Bytes.Length));
        plan.Sizes.CopyTo(_sizes, 0);
        byte* arena = hosts == null ? _arena.Ensure(plan.ArenaBytes) : hosts;
        _base = arena;
        _isHosts = hosts != null;
        for (int i = 0; i < point.Items.Length; i++)
        {
            // Under a limit the actions give places.
            bool hasPlace = plan.Sizes[i] > 0 && plan.Limited is null;
            Table.Place(point.Items[i], hasPlace ? arena + plan.Arena.OffsetOf(i) : Table.Nothing, plan.Sizes[i]);
        }

        if (plan.Limited is not null)
        {
            _outside.Ensure(plan.Limited.HostBytes);
        }

        Table.AssignAddresses(point.Values);
        _plan = plan;
    }

    /// <summary>Places what a bind point makes known into what the arena leaves free, and the rest beside it; false where the limit leaves no room for that.</summary>
    private bool TryPlace(PreparedPoint point, SegmentState segment)
    {
        new ReadOnlySpan<long>(_sizes, _firstItem[point.Id], point.Items.Length).CopyTo(segment.Sizes);
        try
        {
            if (!segment.TryPlan(_entered!.Order, _occupied!, _arenaBytes, _segments, _options, new ReadOnlySpan<long>(Table.Bytes, _model.Model.Values.Length)))
            {
                return false;
            }
        }
        catch (OverflowException)
        {
            throw ValueSizes.TooLarge();
        }

        for (int i = 0; i < point.Items.Length; i++)
        {
            Table.Place(point.Items[i], segment.Sizes[i] == 0 ? Table.Nothing : segment.AddressOf(i, _base), segment.Sizes[i]);
        }

        return true;
    }

    /// <summary>Gives items the places that they have from an action on.</summary>
    public void Move(LimitedPlan plan, in LimitedAction action)
    {
        if (action.Placements.Length > 0)
        {
            _device?.JoinTransfers();
        }

        foreach (var (value, offset) in action.Placements)
        {
            SettleIn(plan, value, offset);
        }
    }

    /// <summary>Bytes of the item that an action moves.</summary>
    public long BytesOf(in LimitedAction action) => _sizes[action.Item];

    /// <summary>Copies an item out of the arena, or back.</summary>
    public void Transfer(in LimitedAction action)
    {
        long bytes = _sizes[action.Item];
        if (action.Kind == ActionKind.Offload)
        {
            _isOutside![action.Item] = true;
        }

        if (bytes == 0)
        {
            return;
        }

        byte* inside = Table.PlaceOf(_limited!.Program.Items[action.Item]);
        byte* outside = _outside.At(action.HostOffset);
        if (_device is not null && action.Kind == ActionKind.Offload)
        {
            _device.Offload(outside, inside, bytes);
        }
        else if (_device is not null)
        {
            _device.Reload(inside, outside, bytes);
        }
        else if (action.Kind == ActionKind.Offload)
        {
            Buffer.MemoryCopy(inside, outside, bytes, bytes);
        }
        else
        {
            Buffer.MemoryCopy(outside, inside, bytes, bytes);
        }
    }
}
