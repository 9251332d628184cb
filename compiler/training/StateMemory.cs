using System.Runtime.InteropServices;
using Dlc.Runtime.Device;

namespace Dlc.Compiler.Training;

/// <summary>
/// Memory of a tensor that lives as long as a training session, aligned as the kernels like it and not moved by the collector. With a device it is there too: each
/// side is brought up to date when it is asked for.
/// </summary>
internal sealed unsafe class StateMemory : IDisposable
{
    private const int Alignment = 64;

    private readonly IDevice? _device;
    private byte* _data;
    private nint _onDevice;

    /// <summary>The device has what the host has not, or the other way round; both are false where they are equal.</summary>
    private bool _deviceIsNewer;
    private bool _hostIsNewer = true;

    /// <summary>Zeroed memory.</summary>
    public StateMemory(long bytes, IDevice? device)
    {
        Bytes = bytes;
        _device = device;
        _data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), Alignment);
        NativeMemory.Clear(_data, (nuint)bytes);
    }

    ~StateMemory() => NativeMemory.AlignedFree(_data);

    public long Bytes { get; }

    /// <summary>The memory of the host, to read and to write.</summary>
    public byte* Data
    {
        get
        {
            if (_deviceIsNewer)
            {
                using var queue = _device!.CreateQueue();
                queue.CopyToHost(_data, _onDevice, Bytes);
                queue.Synchronise();
                _deviceIsNewer = false;
            }

            _hostIsNewer = true;
            return _data;
        }
    }

    /// <summary>The memory of the device, to read.</summary>
    public nint ReadOnDevice()
    {
        if (_onDevice == 0)
        {
            _onDevice = _device!.Allocate(Math.Max(1, Bytes));
        }

        if (_hostIsNewer && Bytes > 0)
        {
            using var queue = _device!.CreateQueue();
            queue.CopyToDevice(_onDevice, _data, Bytes);
            queue.Synchronise();
        }

        _hostIsNewer = false;
        return _onDevice;
    }

    /// <summary>The memory of the device, whose whole content is about to change.</summary>
    public nint WriteOnDevice()
    {
        if (_onDevice == 0)
        {
            _onDevice = _device!.Allocate(Math.Max(1, Bytes));
        }

        (_hostIsNewer, _deviceIsNewer) = (false, true);
        return _onDevice;
    }

    /// <summary>A part of the memory; tensors may be larger than a span.</summary>
    public Span<byte> Part(long offset, int length) => new(Data + offset, length);

    /// <summary>Does something with all parts, in order.</summary>
    public void ForEachPart(Action<long, int> action)
    {
        const int Most = 1 << 24;
        for (var offset = 0L; offset < Bytes; offset += Most)
        {
            action(offset, (int)Math.Min(Most, Bytes - offset));
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
        if (_onDevice != 0)
        {
            _device!.Free(_onDevice);
            _onDevice = 0;
        }

        GC.SuppressFinalize(this);
    }
}
