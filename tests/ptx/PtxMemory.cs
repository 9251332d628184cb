using System.Runtime.CompilerServices;
using Dlc.Ptx.Machine;

namespace Dlc.Ptx;

/// <summary>Device memory: allocations with bounds, and for each byte whether it has been written. Safe from any thread.</summary>
public sealed unsafe class PtxMemory : IDisposable
{
    private readonly List<Region?> _slots = [null];
    private readonly HashSet<Region> _regions = [];

    /// <summary>Held while the memory is changed and while a kernel runs on it: launches on one memory follow one another.</summary>
    internal Lock Lock { get; } = new();

    /// <summary>The allocations that are alive.</summary>
    internal IReadOnlyCollection<Region> Regions => _regions;

    /// <summary>Allocates <paramref name="bytes"/>, which nobody has written yet; the address is a multiple of 256.</summary>
    /// <param name="bytes">Bytes; 0 gives an address that may not be accessed.</param>
    /// <param name="name">What messages call it.</param>
    public ulong Allocate(long bytes, string name = "buffer")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        using var _ = Lock.EnterScope();
        var region = new Region(name, bytes, (ulong)_slots.Count << AddressSpace.SlotShift);
        _regions.Add(region);
        for (long covered = -1; covered < bytes >> AddressSpace.SlotShift; covered++)
        {
            _slots.Add(region);
        }

        // The gap behind.
        _slots.Add(null);
        return region.Address;
    }

    /// <summary>Allocates and copies <paramref name="data"/> in.</summary>
    public ulong Allocate<T>(ReadOnlySpan<T> data, string name = "buffer")
        where T : unmanaged
    {
        ulong address = Allocate((long)data.Length * sizeof(T), name);
        CopyIn(address, data);
        return address;
    }

    /// <summary>Writes <paramref name="data"/> at <paramref name="address"/>.</summary>
    /// <exception cref="ArgumentException">It does not lie in one allocation.</exception>
    public void CopyIn<T>(ulong address, ReadOnlySpan<T> data)
        where T : unmanaged
    {
        long bytes = (long)data.Length * sizeof(T);
        using var _ = Lock.EnterScope();
        var region = Within(address, bytes, out long offset);
        data.CopyTo(new Span<T>(region.Data + offset, data.Length));
        Unsafe.InitBlock(region.Valid + offset, 1, (uint)bytes);
    }

    /// <summary>Reads what lies at <paramref name="address"/>.</summary>
    /// <exception cref="ArgumentException">It does not lie in one allocation.</exception>
    /// <exception cref="PtxFault">Some of it has never been written, and <paramref name="allowUnwritten"/> is false.</exception>
    public void CopyOut<T>(ulong address, Span<T> data, bool allowUnwritten = false)
        where T : unmanaged
    {
        long bytes = (long)data.Length * sizeof(T);
        using var _ = Lock.EnterScope();
        var region = Within(address, bytes, out long offset);
        if (!allowUnwritten)
        {
            var valid = new ReadOnlySpan<byte>(region.Valid + offset, checked((int)bytes));
            int hole = valid.IndexOf((byte)0);
            if (hole >= 0)
            {
                throw new PtxFault(
                    PtxCheck.Uninitialised, "(copy to the host)", $"{valid.Count((byte)0)} of {bytes} bytes of {region.Name} have never been written, the first at offset {offset + hole}");
            }
        }

        new ReadOnlySpan<T>(region.Data + offset, data.Length).CopyTo(data);
    }

    /// <summary>Copies bytes from one place to another; what nobody has written stays unwritten.</summary>
    /// <exception cref="ArgumentException">A place does not lie in one allocation.</exception>
    public void Copy(ulong to, ulong from, long bytes)
    {
        using var _ = Lock.EnterScope();
        var target = Within(to, bytes, out long targetOffset);
        var source = Within(from, bytes, out long sourceOffset);
        Buffer.MemoryCopy(source.Data + sourceOffset, target.Data + targetOffset, bytes, bytes);
        Buffer.MemoryCopy(source.Valid + sourceOffset, target.Valid + targetOffset, bytes, bytes);
    }

    /// <summary>Makes bytes unwritten: for places of an arena that a new buffer takes over.</summary>
    /// <exception cref="ArgumentException">They do not lie in one allocation.</exception>
    public void Forget(ulong address, long bytes)
    {
        using var _ = Lock.EnterScope();
        var region = Within(address, bytes, out long offset);
        region.Forget(offset, bytes);
    }

    /// <summary>Reads <paramref name="count"/> values.</summary>
    public T[] Read<T>(ulong address, int count)
        where T : unmanaged
    {
        var data = new T[count];
        CopyOut<T>(address, data);
        return data;
    }

    /// <summary>Gives an allocation back: accesses to it are errors from now on.</summary>
    public void Free(ulong address)
    {
        using var _ = Lock.EnterScope();
        var region = Find(address) ?? throw new ArgumentException($"nothing is allocated at 0x{address:x}");
        for (int slot = (int)(region.Address >> AddressSpace.SlotShift); _slots[slot] == region; slot++)
        {
            _slots[slot] = null;
        }

        _regions.Remove(region);
        region.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var region in _regions)
        {
            region.Dispose();
        }

        _regions.Clear();
        _slots.Clear();
    }

    /// <summary>The allocation whose address range is nearest around <paramref name="address"/>; null for none.</summary>
    internal Region? Find(ulong address)
    {
        ulong slot = address >> AddressSpace.SlotShift;
        return slot < (ulong)_slots.Count ? _slots[(int)slot] : null;
    }

    private Region Within(ulong address, long bytes, out long offset)
    {
        var region = Find(address) ?? throw new ArgumentException($"nothing is allocated at 0x{address:x}");
        offset = (long)(address - region.Address);
        return offset + bytes <= region.Size
            ? region
            : throw new ArgumentException($"{bytes} bytes at offset {offset} are not within {region.Name} of {region.Size} bytes");
    }
}
