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
internal sealed unsafe class ValueStore : IDisposable
{
    private readonly PreparedModel _model;
    private readonly long[] _key;
    private readonly NativeBlock _arena;

    /// <summary>What left the arena for a while.</summary>
    private readonly NativeBlock _outside;
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
        Budget = device is null && options.MemoryLimit < long.MaxValue ? new MemoryBudget() : null;
        _arena = new NativeBlock(device, Budget);
        _outside = new NativeBlock(device is null ? null : new PinnedMemory(device.Model.Device));
        Table = new ValueTable(executable, runsBeforeTrim, device, Budget);
        _options = options;
        _model = executable.Prepared;
        _key = new long[_model.KeyLength];
        _policy = new ArenaPolicy(runsBeforeTrim, keptArenaBytes);
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
        _entered = null;
        var plan = PlanFor(binding, cache);
        _entered = plan;
        if (Budget is not null)
        {
            Budget.Begin(_options.MemoryLimit - plan.OutsideBytes);
            if (Budget.Held - _arena.Capacity + Math.Max(_arena.Capacity, plan.ArenaBytes) > Budget.Allowance)
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
            Budget?.Begin(_options.MemoryLimit - plan.OutsideBytes - plan.ArenaBytes);
        }

        if (plan == _plan && (hosts == null ? !_isHosts : hosts == _base))
        {
            Table.AssignAddresses(_model.Points[0].Volatile);
        }
        else
        {
            Adopt(plan, hosts);
        }

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
        if (plan is not null && IsStale(plan))
        {
            cache.Remove(plan);
            plan = null;
        }

        if (plan is null)
        {
            plan = SignaturePlanner.Make(_model, _key, _options);
            cache.Add(plan);
        }

        return plan;
    }

    /// <summary>Whether a plan was made under a limit before its costs were measured.</summary>
    private bool IsStale(SignaturePlan plan) => plan is { Limited: not null, IsCalibrated: false } && _options.Calibration?.IsComplete == true;

    /// <summary>
    /// After a run was refused memory for sizes that data decided: plans its dims anew with room for them.
    /// </summary>
    /// <returns>Whether the run may begin again, which it may not where state could have been overwritten already.</returns>
    /// <exception cref="DlcRuntimeException">MemoryLimit: there is no such plan.</exception>
    public bool MakeRoom(PlanCache cache)
    {
        if (Budget is not { Needed: > 0 } || _entered is not { } plan)
        {
            return false;
        }

        long beside = Budget.Needed - (_isHosts ? 0 : _arena.Capacity);
        ReleaseBlocks();
        var next = SignaturePlanner.Make(_model, plan.Key, _options, Math.Max(beside, plan.Reserve + (plan.Reserve / 4)));
        cache.Remove(plan);
        cache.Add(next);
        Shrink(next.ArenaBytes);
        _plan = null;
        return Array.TrueForAll(_model.Model.Outputs, o => o.UpdatesInput < 0);
    }

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
        Table.EndRun();
        foreach (var segment in _segments)
        {
            segment?.EndRun();
        }

        if (_plan is not null)
        {
            long capacity = _policy.After(_isHosts ? 0 : _plan.ArenaBytes, _arena.Capacity);
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
        foreach (int v in point.Values)
        {
            Table.Bytes[v] = ValueSizes.Of(_model.Model, v, Table.Slots);
            if (_model.Roles[v] == ValueRole.Output)
            {
                Budget?.Charge(Table.Bytes[v]);
            }
        }

        var segment = _segments[pointId];
        if (segment is not null)
        {
            for (int i = 0; i < point.Items.Length; i++)
            {
                segment.Sizes[i] = ValueSizes.Of(_model, point.Items[i], Table.Slots, _options.Threads);
            }

            try
            {
                segment.Plan(_plan!, _segments, _options, new ReadOnlySpan<long>(Table.Bytes, _model.Model.Values.Length));
            }
            catch (OverflowException)
            {
                throw ValueSizes.TooLarge();
            }

            for (int i = 0; i < point.Items.Length; i++)
            {
                Table.Place(point.Items[i], segment.Sizes[i] == 0 ? Table.Nothing : segment.AddressOf(i, _base), segment.Sizes[i]);
            }
        }

        Table.AssignAddresses(point.Values);
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

    /// <summary>Gives items the places that they have from an action on.</summary>
    public void Move(LimitedPlan plan, in LimitedAction action)
    {
        var point = _model.Points[0];
        if (action.Placements.Length > 0)
        {
            _device?.JoinTransfers();
        }

        foreach (var (item, offset) in action.Placements)
        {
            Table.Place(point.Items[item], _plan!.Sizes[item] == 0 ? Table.Nothing : _base + offset, _plan.Sizes[item]);
            foreach (int v in plan.Program.Aliases[item])
            {
                Table.AssignAlias(v);
            }
        }
    }

    /// <summary>Bytes of the item that an action moves.</summary>
    public long BytesOf(in LimitedAction action) => _plan!.Sizes[action.Item];

    /// <summary>Copies an item out of the arena, or back.</summary>
    public void Transfer(in LimitedAction action)
    {
        long bytes = _plan!.Sizes[action.Item];
        byte* inside = Table.Addresses[_model.Points[0].Items[action.Item].Value];
        byte* outside = _outside.Address + action.HostOffset;
        if (bytes == 0)
        {
            return;
        }

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
