namespace Dlc.Ptx.Machine;

/// <summary>Registers that tell a thread where it stands.</summary>
internal static class SpecialRegisters
{
    /// <summary>The value that a lane sees.</summary>
    /// <param name="warp">The warp.</param>
    /// <param name="name">The register, with its percent sign.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="thread">Its thread in the block.</param>
    /// <param name="block">Threads of the block.</param>
    /// <param name="place">The block in the grid.</param>
    /// <param name="grid">Blocks of the grid.</param>
    public static ulong Value(Warp warp, string name, int lane, Dim3 thread, Dim3 block, Dim3 place, Dim3 grid) => name switch
    {
        "%tid.x" => (ulong)thread.X,
        "%tid.y" => (ulong)thread.Y,
        "%tid.z" => (ulong)thread.Z,
        "%ntid.x" => (ulong)block.X,
        "%ntid.y" => (ulong)block.Y,
        "%ntid.z" => (ulong)block.Z,
        "%ctaid.x" => (ulong)place.X,
        "%ctaid.y" => (ulong)place.Y,
        "%ctaid.z" => (ulong)place.Z,
        "%nctaid.x" => (ulong)grid.X,
        "%nctaid.y" => (ulong)grid.Y,
        "%nctaid.z" => (ulong)grid.Z,
        "%laneid" => (ulong)lane,
        "%warpid" => (ulong)warp.Index,
        "%nwarpid" => (ulong)((block.Count + Warp.Lanes - 1) / Warp.Lanes),
        "%smid" => 0,
        "%nsmid" => 1,
        "%gridid" => 0,
        "%lanemask_eq" => 1ul << lane,
        "%lanemask_lt" => (1ul << lane) - 1,
        "%lanemask_le" => (2ul << lane) - 1,
        "%lanemask_gt" => uint.MaxValue & ~((2ul << lane) - 1),
        "%lanemask_ge" => uint.MaxValue & ~((1ul << lane) - 1),
        "%dynamic_smem_size" => (ulong)warp.Block.DynamicSharedBytes,
        "%total_smem_size" => (ulong)(warp.Program.DynamicShared + warp.Block.DynamicSharedBytes),
        _ => throw new InvalidOperationException($"no special register {name}"),
    };
}
