using Dlc.Runtime;
using Dlc.Runtime.Device;
using Dlc.Runtime.Format;

namespace Dlc.Gpu;

/// <summary>Inputs and outputs on the device, made up there: only a part of each is made on the host, and repeated.</summary>
internal sealed unsafe class DeviceTensors : IDisposable
{
    private const int PartBytes = 16 << 20;
    private const string StatePrefix = "optimizer.";
    private const string LearningRate = "learning_rate";

    private readonly IDevice _device;
    private readonly CompiledModel _model;
    private readonly long _ids;
    private readonly long[][] _dims;
    private readonly nint[] _inputs;
    private readonly nint[] _outputs;

    /// <summary>Makes inputs for dims.</summary>
    public DeviceTensors(CompiledModel model, IDevice device, IReadOnlyDictionary<string, long> named, long ids)
    {
        (_device, _model, _ids) = (device, model, ids);
        _dims = model.SolveInputDims(named);
        _inputs = new nint[_dims.Length];
        _outputs = new nint[model.Outputs.Count];
        try
        {
            for (int i = 0; i < _inputs.Length; i++)
            {
                _inputs[i] = device.Allocate(BytesOf(i));
            }

            Fill();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Writes the first contents again, also of what runs have updated.</summary>
    public void Fill()
    {
        using var queue = _device.CreateQueue();
        for (int i = 0; i < _inputs.Length; i++)
        {
            long total = BytesOf(i);
            byte[] part = Part(i, total);
            fixed (byte* data = part)
            {
                if (total > 0)
                {
                    queue.CopyToDevice(_inputs[i], data, part.Length);
                }

                for (long filled = part.Length; filled < total;)
                {
                    long count = Math.Min(filled, total - filled);
                    queue.Copy(_inputs[i] + (nint)filled, _inputs[i], count);
                    filled += count;
                }

                queue.Synchronise();
            }
        }
    }

    /// <summary>Binds everything; outputs whose dims follow from the inputs' get memory here.</summary>
    /// <param name="sizing">A session of the model that may make plans.</param>
    /// <param name="binding">What is bound.</param>
    public void Bind(Session sizing, RunBinding binding)
    {
        for (int i = 0; i < _inputs.Length; i++)
        {
            binding.BindDeviceInput(i, _inputs[i], BytesOf(i), _dims[i]);
        }

        for (int o = 0; o < _outputs.Length; o++)
        {
            if (_model.Executable.Model.Outputs[o].UpdatesInput >= 0)
            {
                continue;
            }

            long[] dims = new long[_model.Outputs[o].Dims.Count];
            if (sizing.TryGetOutputDims(binding, o, dims))
            {
                long bytes = Math.Max(1, dims.Aggregate(1L, (a, b) => a * b) * _model.Outputs[o].Type.SizeOf());
                _outputs[o] = _outputs[o] == 0 ? _device.Allocate(bytes) : _outputs[o];
                binding.BindDeviceOutput(o, _outputs[o], bytes);
            }
        }
    }

    /// <summary>The first number of an output, as its bits.</summary>
    public uint First(int output)
    {
        uint bits = 0;
        using var queue = _device.CreateQueue();
        queue.CopyToHost(&bits, _outputs[output], Math.Min(sizeof(uint), _model.Outputs[output].Type.SizeOf()));
        queue.Synchronise();
        return bits;
    }

    public void Dispose()
    {
        foreach (nint address in _inputs.Concat(_outputs).Where(a => a != 0))
        {
            _device.Free(address);
        }

        Array.Clear(_inputs);
        Array.Clear(_outputs);
    }

    private long BytesOf(int input) => _dims[input].Aggregate((long)_model.Inputs[input].Type.SizeOf(), (a, b) => checked(a * b));

    /// <summary>
    /// Parameters are uniform around 0 and ones where they are vectors; state is 0; other floats are uniform around 0; ids are spread, positions counted, and
    /// other integers are 1, as a mask that hides nothing.
    /// </summary>
    private byte[] Part(int input, long total)
    {
        var info = _model.Inputs[input];
        int size = info.Type.SizeOf();
        bool isFloat = info.Type is ScalarType.F32 or ScalarType.F16 or ScalarType.BF16;
        byte[] part = new byte[isFloat ? Math.Min(total, PartBytes) : total];
        if (info.Name.StartsWith(StatePrefix, StringComparison.Ordinal))
        {
            return part;
        }

        bool isParameter = Array.Exists(_model.Executable.Model.Outputs, o => o.UpdatesInput == input);
        long last = _dims[input].Length > 0 ? Math.Max(1, _dims[input][^1]) : 1;
        var random = new Random(input);
        for (int at = 0; at + size <= part.Length; at += size)
        {
            long index = at / size;
            float value = info.Name == LearningRate ? 1e-4f
                : !isParameter ? random.NextSingle() - 0.5f
                : _dims[input].Length == 1 ? 1 : 0.08f * (random.NextSingle() - 0.5f);
            long whole = info.Name is "input_ids" or "labels" ? random.NextInt64(_ids) : info.Name == "position_ids" ? index % last : 1;
            Write(part.AsSpan(at, size), info.Type, value, whole);
        }

        return part;
    }

    private static void Write(Span<byte> to, ScalarType type, float value, long whole)
    {
        switch (type)
        {
            case ScalarType.F32:
                BitConverter.TryWriteBytes(to, value);
                break;
            case ScalarType.F16:
                BitConverter.TryWriteBytes(to, (Half)value);
                break;
            case ScalarType.BF16:
                BitConverter.TryWriteBytes(to, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                break;
            case ScalarType.I64:
                BitConverter.TryWriteBytes(to, whole);
                break;
            case ScalarType.I32:
                BitConverter.TryWriteBytes(to, (int)whole);
                break;
            default:
                to[0] = 1;
                break;
        }
    }
}
