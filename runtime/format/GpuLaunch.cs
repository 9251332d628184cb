namespace Dlc.Runtime.Format;

/// <summary>
/// How a kernel is launched on a GPU. Its code is a PTX text ended by a zero byte, which begins at <see cref="KernelVariant.CodeOffset"/>; all its parameters
/// have 64 bits: addresses of the buffers, dims, then address and bytes a worker of scratch memory where there is any, then address of a status word
/// and number of the launch where the kernel has checks.
/// </summary>
/// <param name="Entry">Name of the entry point.</param>
/// <param name="BlockThreads">Threads of a block.</param>
/// <param name="ItemsPerBlock">Work items that a block runs at a time, each by a worker with scratch memory of its own.</param>
/// <param name="MaximumBlocks">Most blocks of the grid: they go on with the items of those that are not there.</param>
/// <param name="SharedBytes">Shared memory of a block besides what the code declares.</param>
public sealed record GpuLaunch(string Entry, int BlockThreads, int ItemsPerBlock, int MaximumBlocks, int SharedBytes)
{
    /// <summary>Threads of a block that GPUs take.</summary>
    public const int MostBlockThreads = 1024;

    /// <summary>Blocks of the grid for a number of work items.</summary>
    public long Blocks(long items) => Math.Min(MaximumBlocks, ((items - 1) / ItemsPerBlock) + 1);
}
