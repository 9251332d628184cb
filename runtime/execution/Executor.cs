using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dlc.Runtime.Cpu;
using Dlc.Runtime.Device;
using Dlc.Runtime.Format;
using Dlc.Runtime.Memory;
using Dlc.Runtime.Rematerialization;

namespace Dlc.Runtime.Execution;

/// <summary>One execution context: runs the steps of a model over a <see cref="ValueStore"/>. Used by one thread at a time, then again by another.</summary>
internal sealed unsafe partial class Executor : IDisposable
{
    private readonly LoadedExecutable _executable;
    private readonly PreparedModel _model;
    private readonly LoopRunner _loops;
    private readonly void** _buffers;
    private readonly long* _dims;
    private readonly StepProfile? _profile;
    private readonly DeviceContext? _device;
    private readonly CostCalibration? _calibration;
    private readonly CostRates _rates;
    private WorkerPool? _pool;

    /// <summary>The measurement that this run is part of.</summary>
    private CostCalibration? _measured;

    public Executor(LoadedExecutable executable, int runsBeforeTrim, long keptArenaBytes, PlanOptions options, StepProfile? profile, DeviceModel? device, int graphs)
    {
        _executable = executable;
        _model = executable.Prepared;
        _profile = profile;
        _calibration = options.MemoryLimit < long.MaxValue ? options.Calibration : null;
        _rates = options.Rates;
        _device = device is null ? null : new DeviceContext(device, _model, graphs);
        if (_device is not null && profile is null && Array.TrueForAll(_model.Steps, s => s.Kind is StepKind.Launch or StepKind.Copy))
        {
            // The host reads nothing on the way.
            _graphKey = new nint[_model.Points[0].Volatile.Length + 2];
            _runPlan = RunPlan;
        }

        Store = new ValueStore(executable, runsBeforeTrim, keptArenaBytes, options, _device);
        Table = Store.Table;
        _loops = new LoopRunner(this, _model, _device);
        _buffers = (void**)NativeMemory.AllocZeroed((nuint)(_model.MaxBuffers + _model.MaxDims + 1), sizeof(long));
        _dims = (long*)(_buffers + _model.MaxBuffers);
    }

    public ValueStore Store { get; }

    public ValueTable Table { get; }

    /// <summary>Bytes allocated now outside of inputs, outputs and constants.</summary>
    public long AllocatedBytes => Store.AllocatedBytes;

    /// <summary>What the session counted for this context when it was used last.</summary>
    public long AccountedBytes { get; set; }

    /// <summary>Runs the model once.</summary>
    /// <param name="binding">Inputs and outputs.</param>
    /// <param name="cache">Plans of the session.</param>
    /// <param name="pool">Workers held for this run, or null to run on this thread alone.</param>
    public void Run(RunBinding binding, PlanCache cache, WorkerPool? pool)
    {
        _pool = pool;
        Start(binding, cache, null);
        Finish();
        GC.KeepAlive(_executable);
    }

    public void RunSteps(PreparedStep[] steps)
    {
        foreach (var step in steps)
        {
            RunTimed(step);
        }
    }

    /// <summary>Runs the main program; by another plan from where a step found that what data decided does not fit.</summary>
    private void RunMain(PreparedStep[] steps)
    {
        for (int k = 0; k < steps.Length; k++)
        {
            Store.Action = k;
            RunTimed(steps[k]);
            if (Store.Limited is { } rest)
            {
                RunActions(rest);
                return;
            }
        }
    }

    private void RunActions(LimitedPlan plan)
    {
        for (int a = plan.First; a < plan.Actions.Length; a++)
        {
            ref readonly var action = ref plan.Actions[a];
            Store.Action = a;
            Store.Move(plan, action);
            if (action.Item >= 0)
            {
                long start = _measured is null ? 0 : Stopwatch.GetTimestamp();
                Store.Transfer(action);
                _measured?.AddTransfer(Store.BytesOf(action), Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            else
            {
                RunTimed(action.Step);
            }

            if (Store.Limited != plan)
            {
                plan = Store.Limited!;
                a = plan.First - 1;
            }
        }
    }

    private void RunTimed(PreparedStep step)
    {
        if (_profile is null && _measured is null)
        {
            RunStep(step);
            return;
        }

        long start = Stopwatch.GetTimestamp();
        RunStep(step);
        _device?.Finish();
        long ticks = Stopwatch.GetTimestamp() - start;
        _profile?.Add(step.Index, ticks);
        if (_measured is { } measured)
        {
            var slots = new ReadOnlySpan<long>(Table.Slots, _model.Model.SlotNames.Length);
            var bytes = new ReadOnlySpan<long>(Table.Bytes, _model.Model.Values.Length);
            measured.Add(step.Index, (double)ticks / Stopwatch.Frequency, StepCosts.Of(step, slots, bytes, _rates).Seconds);
        }
    }

    /// <summary>Copies all bytes of one value to another; nothing to do when they are the same memory.</summary>
    public void Copy(int from, int to, Step source) => CopyTo(Table.Addresses[from], Table.Bytes[from], to, source);

    /// <summary>Copies memory to a value of as many bytes.</summary>
    public void CopyTo(byte* from, long bytes, int to, Step source)
    {
        if (bytes != Table.Bytes[to])
        {
            throw new DlcRuntimeException(
                RuntimeErrors.WrongDim,
                $"'{_model.Model.Values[to].Name}' receives another size than it has",
                $"{Table.Bytes[to]} bytes for {Table.DescribeDims(to)}",
                $"{bytes} bytes",
                Origin(source));
        }

        if (from == Table.Addresses[to])
        {
            return;
        }

        if (_device is not null)
        {
            _device.Copy(Table.Addresses[to], from, bytes);
        }
        else
        {
            Buffer.MemoryCopy(from, Table.Addresses[to], bytes, bytes);
        }
    }

    /// <summary>Defines the slots of axes that became known, and checks the others.</summary>
    /// <param name="slots">One entry an axis; -1 for an axis that is only checked, by <see cref="CheckAxes"/>.</param>
    public void BindAxes(int[] slots, ReadOnlySpan<long> dims)
    {
        for (int a = 0; a < slots.Length; a++)
        {
            if (slots[a] >= 0)
            {
                Table.Slots[slots[a]] = dims[a];
            }
        }
    }

    /// <summary>Checks that a value's first dims, known by now, are those that came.</summary>
    public void CheckAxes(int value, ReadOnlySpan<long> dims, Step source)
    {
        int[] slots = _model.Model.Values[value].Dims;
        int count = Math.Min(slots.Length, dims.Length);
        for (int a = 0; a < count; a++)
        {
            if (Table.Slots[slots[a]] != dims[a])
            {
                throw new DlcRuntimeException(
                    RuntimeErrors.WrongDim,
                    $"axis {a} of '{_model.Model.Values[value].Name}' is not what the model says",
                    $"{_model.Model.SlotNames[slots[a]]} = {Table.Slots[slots[a]]}",
                    $"{dims[a]}",
                    Origin(source));
            }
        }
    }

    public static string Origin(Step step) => string.Join(", ", step.Origins);

    public void Dispose()
    {
        _device?.Settle();
        Store.Dispose();
        _device?.Dispose();
        NativeMemory.Free(_buffers);
    }

    private void RunStep(PreparedStep step)
    {
        switch (step.Kind)
        {
            case StepKind.Launch:
                Launch(Unsafe.As<PreparedLaunch>(step));
                break;
            case StepKind.Copy:
                var copy = Unsafe.As<PreparedCopy>(step);
                Copy(copy.From, copy.To, copy.Source);
                break;
            case StepKind.BindSlot:
                var bind = Unsafe.As<PreparedBindSlot>(step);
                Table.Slots[bind.Slot] = ReadInteger(bind);
                Store.Resolve(bind.Point);
                break;
            case StepKind.If:
                RunIf(Unsafe.As<PreparedIf>(step));
                break;
            case StepKind.Loop:
                _loops.Run(Unsafe.As<PreparedLoop>(step));
                break;
            default:
                throw new InvalidOperationException($"unknown step {step.Kind}");
        }
    }

    private void Launch(PreparedLaunch launch)
    {
        var shape = LaunchShape.Of(launch, Table.Slots, _pool is null ? 1 : _pool.Threads);
        if (shape.Extent <= 0)
        {
            return;
        }

        if (_device is not null)
        {
            _device.Launch(launch, shape, Table);
            return;
        }

        int[] values = launch.Buffers;
        for (int i = 0; i < values.Length; i++)
        {
            _buffers[i] = Table.Addresses[values[i]];
        }

        int[] slots = launch.Dims;
        for (int i = 0; i < slots.Length; i++)
        {
            _dims[i] = Table.Slots[slots[i]];
        }

        var entry = (delegate* unmanaged<void**, long*, void*, long, long, int>)launch.Variants[shape.Variant].Entry;
        byte* scratch = Table.Scratch[launch.Index];
        int result;
        if (shape.Threads == 1)
        {
            result = entry(_buffers, _dims, scratch, 0, shape.Extent);
        }
        else
        {
            result = _pool!.Run(new KernelCall
            {
                Entry = entry,
                Buffers = _buffers,
                Dims = _dims,
                Scratch = scratch,
                ScratchStride = shape.ScratchStride,
                Extent = shape.Extent,
                Chunk = shape.Chunk,
            });
        }

        if (result != 0)
        {
            throw Failed(launch, result);
        }
    }

    private static DlcRuntimeException Failed(PreparedLaunch launch, int result)
    {
        int check = result - 1;
        string message = (uint)check < (uint)launch.Messages.Length ? launch.Messages[check] : $"check {check} failed";
        return new DlcRuntimeException(RuntimeErrors.KernelCheck, message, origin: Origin(launch.Source));
    }

    private void RunIf(PreparedIf branch)
    {
        bool taken = ReadBit(Table.Addresses[branch.Condition]);
        RunSteps(taken ? branch.Then : branch.Else);
        Span<long> dims = stackalloc long[64];
        foreach (var result in branch.Results)
        {
            Table.DimsOf(taken ? result.ThenValue : result.ElseValue, dims);
            BindAxes(result.OutputSlots, dims);
        }

        Store.Resolve(branch.ExitPoint);
        foreach (var result in branch.Results)
        {
            int value = taken ? result.ThenValue : result.ElseValue;
            Table.DimsOf(value, dims);
            CheckAxes(result.Output, dims, branch.Source);
            Copy(value, result.Output, branch.Source);
        }
    }

    private long ReadInteger(PreparedBindSlot bind)
    {
        var type = _model.Model.Values[bind.Value].Type;
        if (Table.Bytes[bind.Value] != type.SizeOf())
        {
            throw new DlcRuntimeException(
                RuntimeErrors.WrongDim,
                $"'{_model.Model.Values[bind.Value].Name}' is used as a dim",
                "one element",
                Table.DescribeDims(bind.Value),
                Origin(bind.Source));
        }

        byte* at = Table.Addresses[bind.Value];
        long copy;
        if (_device is not null)
        {
            copy = _device.Read(at, type.SizeOf());
            at = (byte*)&copy;
        }

        return type switch
        {
            ScalarType.I64 => *(long*)at,
            ScalarType.I32 => *(int*)at,
            ScalarType.I16 => *(short*)at,
            ScalarType.I8 => *(sbyte*)at,
            ScalarType.U64 => *(ulong*)at <= long.MaxValue ? *(long*)at : long.MaxValue,
            ScalarType.U32 => *(uint*)at,
            ScalarType.U16 => *(ushort*)at,
            _ => *at,
        };
    }
}
