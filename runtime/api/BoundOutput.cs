using System.Buffers;
using Dlc.Runtime.Format;
using Dlc.Runtime.Native;

namespace Dlc.Runtime;

/// <summary>One output of a <see cref="RunBinding"/>: memory of the user, of the binding, or a managed array made when the size is known.</summary>
internal sealed unsafe class BoundOutput(TensorInfo info) : IDisposable
{
    private readonly NativeBlock _own = new();
    private readonly long[] _demanded = new long[info.Dims.Count];
    private MemoryHandle _pin;
    private OutputMemory _memory;
    private byte* _data;
    private long _capacity;
    private bool _demandsDims;

    public TensorInfo Info { get; } = info;

    /// <summary>Whether the last run gave it its dims.</summary>
    public bool IsKnown { get; private set; }

    public long[] Dims { get; } = new long[info.Dims.Count];

    /// <summary>Bytes of the last run.</summary>
    public long Bytes { get; private set; }

    public byte* Data => _data;

    public bool IsUsers => _memory == OutputMemory.User;

    /// <summary>The array of the last run when the memory is managed.</summary>
    public Array? Managed { get; private set; }

    public void UseOwn() => Switch(OutputMemory.Own, default);

    public void UseManaged() => Switch(OutputMemory.Managed, default);

    /// <summary>Whether the memory is an address of the device that runs the model.</summary>
    public bool IsOnDevice { get; private set; }

    /// <summary>Takes memory of the user on the device.</summary>
    public void UseDevice(nint address, long capacity)
    {
        UseUser((byte*)address, capacity, default);
        IsOnDevice = true;
    }

    /// <summary>Takes memory of the user; with <paramref name="demanded"/> the dims must come out as these.</summary>
    public void UseUser(byte* data, long capacity, MemoryHandle pin)
    {
        Switch(OutputMemory.User, pin);
        _data = data;
        _capacity = capacity;
    }

    /// <summary>Demands that the dims come out as these.</summary>
    public void DemandDims(ReadOnlySpan<nint> dims)
    {
        for (int a = 0; a < dims.Length; a++)
        {
            _demanded[a] = dims[a];
        }

        _demandsDims = true;
    }

    public void Begin() => IsKnown = false;

    /// <summary>Gives the address for an output whose dims are known now.</summary>
    /// <exception cref="DlcRuntimeException">BufferTooSmall or WrongDim.</exception>
    public byte* Acquire(ReadOnlySpan<long> dims, long bytes)
    {
        if (_demandsDims && !dims.SequenceEqual(_demanded))
        {
            throw new DlcRuntimeException(
                RuntimeErrors.WrongDim, $"the tensor given for output '{Info.Name}' has other dims than the output", Describe(dims), Describe(_demanded));
        }

        dims.CopyTo(Dims);
        Bytes = bytes;
        switch (_memory)
        {
            case OutputMemory.Own:
                _data = _own.Ensure(bytes);
                break;
            case OutputMemory.Managed:
                Managed = ManagedMemory.Allocate(Info, bytes, out _data);
                break;
            default:
                if (bytes > _capacity)
                {
                    throw new DlcRuntimeException(
                        RuntimeErrors.BufferTooSmall, $"the memory given for output '{Info.Name}' is too small for {Describe(dims)}", $"{bytes} bytes", $"{_capacity}");
                }

                break;
        }

        IsKnown = true;
        return _data;
    }

    public void Dispose()
    {
        UseOwn();
        _own.Dispose();
    }

    private static string Describe(ReadOnlySpan<long> dims) => $"[{string.Join(',', dims.ToArray())}]";

    private void Switch(OutputMemory memory, MemoryHandle pin)
    {
        _pin.Dispose();
        _pin = pin;
        _memory = memory;
        IsOnDevice = false;
        _demandsDims = false;
        _data = null;
        _capacity = 0;
        Managed = null;
        IsKnown = false;
    }
}
