using System.Buffers;
using Dlc.Runtime.Native;

namespace Dlc.Runtime;

/// <summary>Memory of the host that runs of a <see cref="RunBinding"/> use as their arena.</summary>
internal sealed unsafe class BoundArena : IDisposable
{
    private MemoryHandle _pin;
    private byte* _data;
    private long _length;
    private bool _isBound;
    private bool _isManaged;

    public void Use(byte* data, long length, MemoryHandle pin, bool isManaged)
    {
        _pin.Dispose();
        _pin = pin;
        _data = data;
        _length = length;
        _isBound = true;
        _isManaged = isManaged;
    }

    public void Dispose()
    {
        _pin.Dispose();
        _pin = default;
        _isBound = false;
    }

    /// <summary>Where it is; empty where nothing is bound.</summary>
    public (nint Start, nint End) Range => _isBound ? ((nint)_data, (nint)_data + (nint)_length) : default;

    /// <summary>The first aligned byte; null where nothing is bound or nothing is needed.</summary>
    /// <exception cref="DlcRuntimeException">BufferTooSmall; WrongLayout for managed memory on a device.</exception>
    public byte* For(long bytes, bool isOnDevice)
    {
        if (!_isBound || bytes == 0)
        {
            return null;
        }

        if (isOnDevice && _isManaged)
        {
            throw new DlcRuntimeException(RuntimeErrors.WrongLayout, "the memory given for the arena is not on the device", "memory of the device", "managed memory");
        }

        long skipped = -(long)_data & (NativeBlock.Alignment - 1);
        if (bytes > _length - skipped)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.BufferTooSmall, "the memory given for the arena is too small", $"{bytes} bytes from a multiple of {NativeBlock.Alignment} on",
                $"{Math.Max(0, _length - skipped)}");
        }

        return _data + skipped;
    }
}
