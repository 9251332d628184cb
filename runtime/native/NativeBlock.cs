using System.Runtime.InteropServices;
using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Native;

/// <summary>
/// Memory outside of the managed heap that grows on demand and is aligned to 64 bytes. Growing and shrinking lose the contents. Not safe
/// from several threads.
/// </summary>
internal sealed unsafe class NativeBlock(IMemorySource? source = null, MemoryBudget? budget = null) : IDisposable
{
    public const int Alignment = 64;
    private const long MapFrom = 1 << 20;
    private const long Page = 4096;
    private NativeMapping? _mapping;
    private void* _small;

    ~NativeBlock()
    {
        // A device frees its memory when it goes: it may be gone by now.
        if (source is null)
        {
            Free();
        }
    }

    /// <summary>First byte; null while <see cref="Capacity"/> is 0.</summary>
    public byte* Address { get; private set; }

    /// <summary>Bytes that are allocated.</summary>
    public long Capacity { get; private set; }

    /// <summary>Makes the block at least <paramref name="bytes"/> long; exactly that when it has to grow.</summary>
    /// <returns>The address, which stays the same as long as the capacity suffices.</returns>
    /// <exception cref="DlcRuntimeException">OutOfMemory.</exception>
    public byte* Ensure(long bytes)
    {
        if (bytes > Capacity)
        {
            Resize(bytes);
        }

        return Address;
    }

    /// <summary>Makes the block exactly <paramref name="bytes"/> long; 0 frees it.</summary>
    /// <exception cref="DlcRuntimeException">OutOfMemory; the block is then empty.</exception>
    public void Resize(long bytes)
    {
        budget?.Check(Capacity, bytes);
        Free();
        if (bytes <= 0)
        {
            return;
        }

        if (source is not null)
        {
            Address = source.Allocate(bytes);
        }
        else if (bytes >= MapFrom)
        {
            // The system rounds up to pages; what lies beyond is nobody's.
            _mapping = NativeMapping.Anonymous(bytes > long.MaxValue - Page ? bytes : (bytes + Page - 1) & -Page);
            Address = _mapping.Address;
        }
        else
        {
            _small = NativeMemory.AlignedAlloc((nuint)((bytes + Alignment - 1) & -Alignment), Alignment);
            Address = (byte*)_small;
        }

        Capacity = bytes;
        budget?.Add(bytes);
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (source is not null && Address != null)
        {
            source.Free(Address);
        }

        // The mapping frees itself when both are finalized together; disposing it twice is harmless.
        _mapping?.Dispose();
        _mapping = null;
        NativeMemory.AlignedFree(_small);
        _small = null;
        Address = null;
        budget?.Add(-Capacity);
        Capacity = 0;
    }
}
