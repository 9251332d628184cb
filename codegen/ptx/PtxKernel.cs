namespace Dlc.Codegen.Ptx;

/// <summary>
/// How a compiled kernel is launched. Its parameters are 64 bits each: the addresses of its buffers (multiples of 16), its dims, and then, where it has
/// scratch, the address of the scratch area and the bytes of one worker; where it has checks, the address of a status word and the number that stands for
/// the launch. A check that fails lowers the status word to <c>launch &lt;&lt; 32 | 1 + message</c> where it is larger.
/// </summary>
/// <param name="Narrow">The code for sizes below <see cref="NarrowLimit"/>, with 32-bit indices.</param>
/// <param name="Wide">The code for all sizes; null where it was not asked for.</param>
/// <param name="BlockThreads">Threads of a block.</param>
/// <param name="ItemsPerBlock">Work items that a block runs at a time; it goes on with those of blocks that are not there.</param>
/// <param name="MaximumBlocks">Blocks beyond which more are of no use.</param>
public sealed record PtxKernel(PtxCode Narrow, PtxCode? Wide, int BlockThreads, int ItemsPerBlock, int MaximumBlocks)
{
    /// <summary>No dim, extent or number of elements may be this large in <see cref="Narrow"/> code.</summary>
    public const long NarrowLimit = 1L << 30;
}

/// <summary>An entry point of a PTX text.</summary>
/// <param name="Offset">Where the text begins in the image, in bytes.</param>
/// <param name="Entry">Name of the entry.</param>
/// <param name="SharedBytes">Shared memory that the launch asks for besides what the code declares.</param>
public sealed record PtxCode(int Offset, string Entry, int SharedBytes);
