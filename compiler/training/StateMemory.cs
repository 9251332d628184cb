using System.Runtime.InteropServices;

namespace Dlc.Compiler.Training;

/// <summary>Memory of a tensor that lives as long as a training session, aligned as the kernels like it and not moved by the collector.</summary>
internal sealed unsafe class StateMemory : IDisposable
{
    private const int Alignment = 64;

    private byte* _data;

    /// <summary>Zeroed memory.</summary>
    public StateMemory(long bytes)
    {
        Bytes = bytes;
        _data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), Alignment);
        NativeMemory.Clear(_data, (nuint)bytes);
    }

    ~StateMemory() => Free();

    public long Bytes { get; }

    public byte* Data => _data;

    /// <summary>A part of the memory; tensors may be larger than a span.</summary>
    public Span<byte> Part(long offset, int length) => new(_data + offset, length);

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
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }
}
