using System.Runtime.InteropServices;

namespace Dlc.Ptx.Machine;

/// <summary>
/// A piece of memory, for each byte whether it has been written, and for each granule who accessed it last. Freed by <see cref="Dispose"/>.
/// </summary>
internal sealed unsafe class Region : IDisposable
{
    /// <summary>Makes a region of bytes that nobody has written; they look like NaN.</summary>
    public Region(string name, long size, ulong address)
    {
        Name = name;
        Size = size;
        Address = address;
        Data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(size, 1) + 16, 256);
        Valid = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(size, 1) + 16, 256);
        Forget();
    }

    /// <summary>Frees what nobody disposed of.</summary>
    ~Region() => Dispose();

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>Bytes.</summary>
    public long Size { get; }

    /// <summary>The address of its first byte.</summary>
    public ulong Address { get; }

    /// <summary>The bytes.</summary>
    public byte* Data { get; private set; }

    /// <summary>1 for each byte that has been written.</summary>
    public byte* Valid { get; private set; }

    /// <summary>Who wrote a granule last; null when accesses are not recorded.</summary>
    public ulong* Writes { get; private set; }

    /// <summary>Who read a granule last.</summary>
    public ulong* Reads { get; private set; }

    /// <summary>The logarithm of a granule's bytes.</summary>
    public int Shift { get; private set; }

    /// <summary>Whether kernels may write to it.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>The parts of the region that are variables; empty where all of it may be accessed.</summary>
    public (long Start, long End, string Name)[] Parts { get; init; } = [];

    /// <summary>Makes all bytes unwritten again.</summary>
    public void Forget() => Forget(0, Size);

    /// <summary>Makes some bytes unwritten again.</summary>
    public void Forget(long offset, long bytes)
    {
        NativeMemory.Fill(Data + offset, (nuint)bytes, 0xff);
        NativeMemory.Clear(Valid + offset, (nuint)bytes);
    }

    /// <summary>Starts to record accesses, in granules of 2^<paramref name="shift"/> bytes.</summary>
    public void Record(int shift)
    {
        StopRecording();
        Shift = shift;
        nuint count = (nuint)((Size >> shift) + 1);
        Writes = (ulong*)NativeMemory.AllocZeroed(count, sizeof(ulong));
        Reads = (ulong*)NativeMemory.AllocZeroed(count, sizeof(ulong));
    }

    /// <summary>Forgets who accessed what.</summary>
    public void StopRecording()
    {
        NativeMemory.Free(Writes);
        NativeMemory.Free(Reads);
        Writes = Reads = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        StopRecording();
        NativeMemory.AlignedFree(Data);
        NativeMemory.AlignedFree(Valid);
        Data = Valid = null;
        GC.SuppressFinalize(this);
    }
}
