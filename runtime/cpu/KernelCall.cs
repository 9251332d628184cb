namespace Dlc.Runtime.Cpu;

/// <summary>What one launch calls: the same for all threads, which take ranges of work items from it.</summary>
internal unsafe struct KernelCall
{
    /// <summary><c>int kernel(void* const* buffers, const int64_t* dims, void* scratch, int64_t begin, int64_t end)</c>.</summary>
    public delegate* unmanaged<void**, long*, void*, long, long, int> Entry;

    public void** Buffers;

    public long* Dims;

    /// <summary>Scratch of thread i begins i * <see cref="ScratchStride"/> bytes in.</summary>
    public byte* Scratch;

    public long ScratchStride;

    /// <summary>Number of work items.</summary>
    public long Extent;

    /// <summary>Work items that a thread takes at a time, at least 1.</summary>
    public long Chunk;
}
