using Dlc.Runtime.Device;
using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>Runs <see cref="LoopStep"/>s. Nested loops use it again; each loop has its own states.</summary>
internal sealed unsafe class LoopRunner(Executor executor, PreparedModel model, DeviceContext? device)
{
    private readonly Executor _executor = executor;
    private readonly ValueStore _store = executor.Store;
    private readonly ValueTable _table = executor.Table;
    private readonly ValueInfo[] _values = model.Model.Values;
    private readonly DeviceContext? _device = device;

    public void Run(PreparedLoop prepared)
    {
        var loop = prepared.Loop;
        long trips = loop.TripCountValue >= 0 ? ReadCount(_table.Addresses[loop.TripCountValue])
            : loop.TripCountSlot >= 0 ? _table.Slots[loop.TripCountSlot]
            : long.MaxValue;
        bool going = loop.Condition < 0 || _executor.ReadBit(_table.Addresses[loop.Condition]);
        Begin(prepared);
        long iteration = 0;
        while (going && iteration < trips)
        {
            EnterBody(prepared, iteration);
            _executor.RunSteps(prepared.Body);
            going = loop.BodyConditionOut < 0 || _executor.ReadBit(_table.Addresses[loop.BodyConditionOut]);
            Collect(prepared, iteration);
            Advance(prepared);
            iteration++;
        }

        Finish(prepared, iteration);
    }

    private long ReadCount(byte* address) => _device is null ? *(long*)address : _device.Read(address, sizeof(long));

    private void Write(byte* address, long value, int bytes)
    {
        if (_device is not null)
        {
            _device.Write(address, value, bytes);
        }
        else
        {
            Buffer.MemoryCopy(&value, address, bytes, bytes);
        }
    }

    private void Copy(byte* from, byte* to, long bytes)
    {
        if (_device is not null)
        {
            _device.Copy(to, from, bytes);
        }
        else
        {
            Buffer.MemoryCopy(from, to, bytes, bytes);
        }
    }

    private void Begin(PreparedLoop prepared)
    {
        var loop = prepared.Loop;
        for (int i = 0; i < loop.Carried.Length; i++)
        {
            var state = _table.Carried[prepared.FirstCarried + i];
            int initial = loop.Carried[i].Initial;
            state.Begin(_table.Addresses[initial]);
            _table.DimsOf(initial, state.Dims);
        }

        for (int i = 0; i < loop.ScanOutputs.Length; i++)
        {
            _table.Scans[prepared.FirstScan + i].Begin();
        }
    }

    private void EnterBody(PreparedLoop prepared, long iteration)
    {
        var loop = prepared.Loop;
        if (loop.IterationSlot >= 0)
        {
            _table.Slots[loop.IterationSlot] = iteration;
        }

        for (int i = 0; i < loop.Carried.Length; i++)
        {
            var state = _table.Carried[prepared.FirstCarried + i];
            _executor.BindAxes(loop.Carried[i].BodyInSlots, state.Dims);
            _table.Addresses[loop.Carried[i].BodyIn] = state.Current;
        }

        _store.Resolve(prepared.BodyPoint);
        for (int i = 0; i < loop.Carried.Length; i++)
        {
            _executor.CheckAxes(loop.Carried[i].BodyIn, _table.Carried[prepared.FirstCarried + i].Dims, loop);
        }

        if (loop.BodyIteration >= 0)
        {
            Write(_table.Addresses[loop.BodyIteration], iteration, sizeof(long));
        }

        if (loop.BodyConditionIn >= 0)
        {
            // The body only runs while the condition holds.
            Write(_table.Addresses[loop.BodyConditionIn], 1, 1);
        }
    }

    private void Collect(PreparedLoop prepared, long iteration)
    {
        var scans = prepared.Loop.ScanOutputs;
        _store.EndIteration(prepared);
        for (int i = 0; i < scans.Length; i++)
        {
            int value = scans[i].BodyOut;
            long bytes = _table.Bytes[value];
            var state = _table.Scans[prepared.FirstScan + i];
            if (iteration == 0)
            {
                state.ItemBytes = bytes;
                _table.DimsOf(value, state.Dims);
            }

            _executor.CheckAxes(value, state.Dims, prepared.Loop);
            if (!prepared.ScanIsPlaced[i])
            {
                state.Reserve(bytes);
                state.Append(_table.Addresses[value], bytes);
                continue;
            }

            int final = scans[i].Final;
            if (bytes != 0 && (iteration + 1) > _table.Bytes[final] / bytes)
            {
                throw new DlcRuntimeException(
                    RuntimeErrors.WrongDim,
                    $"the loop runs more often than its output '{_values[final].Name}' has room for",
                    _table.DescribeDims(final),
                    $"iteration {iteration}",
                    Executor.Origin(prepared.Loop));
            }

            Copy(_table.Addresses[value], _table.Addresses[final] + (iteration * bytes), bytes);
        }
    }

    private void Advance(PreparedLoop prepared)
    {
        var carried = prepared.Loop.Carried;

        // All copies come before any current value changes: one carried value may be handed on as another.
        for (int i = 0; i < carried.Length; i++)
        {
            int left = carried[i].BodyOut;
            var state = _table.Carried[prepared.FirstCarried + i];
            if (left == carried[i].BodyIn)
            {
                continue;
            }

            byte* next = state.Next(_table.Bytes[left]);
            if (next == null)
            {
                throw new DlcRuntimeException(
                    RuntimeErrors.WrongDim,
                    $"the loop value '{_values[left].Name}' changes its dims",
                    _table.DescribeDims(carried[i].BodyIn),
                    _table.DescribeDims(left),
                    Executor.Origin(prepared.Loop));
            }

            if (next != _table.Addresses[left])
            {
                Copy(_table.Addresses[left], next, _table.Bytes[left]);
            }
        }

        for (int i = 0; i < carried.Length; i++)
        {
            int left = carried[i].BodyOut;
            if (left != carried[i].BodyIn)
            {
                var state = _table.Carried[prepared.FirstCarried + i];
                state.Advance(_table.Bytes[left]);
                _table.DimsOf(left, state.Dims);
            }
        }
    }

    private void Finish(PreparedLoop prepared, long iterations)
    {
        var loop = prepared.Loop;
        if (loop.ExecutedSlot >= 0)
        {
            _table.Slots[loop.ExecutedSlot] = iterations;
        }

        for (int i = 0; i < loop.Carried.Length; i++)
        {
            if (loop.Carried[i].Final >= 0)
            {
                _executor.BindAxes(loop.Carried[i].FinalSlots, _table.Carried[prepared.FirstCarried + i].Dims);
            }
        }

        Span<long> dims = stackalloc long[65];
        for (int i = 0; i < loop.ScanOutputs.Length; i++)
        {
            FinalDims(_table.Scans[prepared.FirstScan + i], iterations, dims);
            _executor.BindAxes(loop.ScanOutputs[i].FinalSlots, dims);
        }

        _store.Resolve(prepared.ExitPoint);
        for (int i = 0; i < loop.Carried.Length; i++)
        {
            int final = loop.Carried[i].Final;
            if (final >= 0)
            {
                var state = _table.Carried[prepared.FirstCarried + i];
                _executor.CheckAxes(final, state.Dims, loop);
                _executor.CopyTo(state.Current, _table.Bytes[final], final, loop);
            }
        }

        for (int i = 0; i < loop.ScanOutputs.Length; i++)
        {
            int final = loop.ScanOutputs[i].Final;
            var state = _table.Scans[prepared.FirstScan + i];
            FinalDims(state, iterations, dims);
            _executor.CheckAxes(final, iterations > 0 ? dims : dims[..1], loop);
            if (!prepared.ScanIsPlaced[i])
            {
                _executor.CopyTo(state.Address, state.Bytes, final, loop);
            }
        }
    }

    private static void FinalDims(ScanState state, long iterations, Span<long> dims)
    {
        dims[0] = iterations;
        state.Dims.CopyTo(dims[1..]);
    }
}
