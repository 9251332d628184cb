using System.Buffers;
using Dlc.Runtime.Native;

namespace Dlc.Runtime;

/// <summary>One input of a <see cref="RunBinding"/>: address and dims, and what keeps the memory where it is.</summary>
internal sealed unsafe class BoundInput(int rank) : IDisposable
{
    private readonly NativeBlock _copy = new();
    private MemoryHandle _pin;

    public bool IsSet { get; private set; }

    /// <summary>Whether <see cref="Data"/> is an address of the device that runs the model.</summary>
    public bool IsOnDevice { get; private set; }

    public byte* Data { get; private set; }

    /// <summary>Bytes at <see cref="Data"/>.</summary>
    public long Length { get; private set; }

    public long[] Dims { get; } = new long[rank];

    /// <summary>Takes memory that stays in place until the input is set again; <paramref name="pin"/> is disposed then.</summary>
    public void Set(byte* data, long length, MemoryHandle pin, bool isOnDevice = false)
    {
        IsOnDevice = isOnDevice;
        _pin.Dispose();
        _pin = pin;
        Data = data;
        Length = length;
        IsSet = true;
    }

    /// <summary>Makes room for a copy in memory of the binding and returns its address.</summary>
    public byte* SetCopy(long length)
    {
        Set(_copy.Ensure(Math.Max(1, length)), length, default);
        return Data;
    }

    public void Clear()
    {
        _pin.Dispose();
        _pin = default;
        IsSet = false;
        Data = null;
    }

    public void Dispose()
    {
        Clear();
        _copy.Dispose();
    }
}
