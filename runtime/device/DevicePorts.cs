using Dlc.Runtime.Format;
using Dlc.Runtime.Native;

namespace Dlc.Runtime.Device;

/// <summary>Places on a device for inputs and outputs whose memory is on the host: inputs are copied there before a run, outputs back after it.</summary>
internal sealed unsafe class DevicePorts : IDisposable
{
    private readonly DeviceContext _device;
    private readonly NativeBlock[] _inputs;
    private readonly NativeBlock[] _outputs;
    private readonly (nint Host, long Bytes)[] _results;
    private readonly (nint Host, long Bytes)[] _updated;
    private readonly bool[] _isUpdated;

    public DevicePorts(ExecutableModel model, DeviceContext device)
    {
        _device = device;
        _inputs = [.. model.Inputs.Select(_ => new NativeBlock(device))];
        _outputs = [.. model.Outputs.Select(_ => new NativeBlock(device))];
        _results = new (nint, long)[_outputs.Length];
        _updated = new (nint, long)[_inputs.Length];
        _isUpdated = new bool[_inputs.Length];
        foreach (var output in model.Outputs)
        {
            if (output.UpdatesInput >= 0)
            {
                _isUpdated[output.UpdatesInput] = true;
            }
        }
    }

    /// <summary>Bytes held.</summary>
    public long OwnBytes
    {
        get
        {
            long sum = 0;
            foreach (var block in _inputs)
            {
                sum += block.Capacity;
            }

            foreach (var block in _outputs)
            {
                sum += block.Capacity;
            }

            return sum;
        }
    }

    /// <summary>Begins a run.</summary>
    public void Begin()
    {
        Array.Clear(_results);
        Array.Clear(_updated);
    }

    /// <summary>Copies an input to the device; gives its address there.</summary>
    public byte* Input(int index, byte* host, long bytes)
    {
        byte* address = _inputs[index].Ensure(bytes);
        _device.Upload(address, host, bytes);
        if (_isUpdated[index])
        {
            _updated[index] = ((nint)host, bytes);
        }

        return address;
    }

    /// <summary>A place on the device for an output, which <see cref="Return"/> copies to the host.</summary>
    public byte* Output(int index, byte* host, long bytes)
    {
        _results[index] = ((nint)host, bytes);
        return _outputs[index].Ensure(Math.Max(1, bytes));
    }

    /// <summary>Queues the copies of outputs, and of inputs that the run updated, to the host.</summary>
    public void Return()
    {
        for (int i = 0; i < _results.Length; i++)
        {
            _device.Download((byte*)_results[i].Host, _outputs[i].Address, _results[i].Bytes);
        }

        for (int i = 0; i < _updated.Length; i++)
        {
            _device.Download((byte*)_updated[i].Host, _inputs[i].Address, _updated[i].Bytes);
        }
    }

    public void Dispose()
    {
        foreach (var block in _inputs)
        {
            block.Dispose();
        }

        foreach (var block in _outputs)
        {
            block.Dispose();
        }
    }
}
