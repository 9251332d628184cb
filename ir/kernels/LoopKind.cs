namespace Dlc.IR.Kernels;

/// <summary>How the iterations of a loop run. All kinds but <see cref="Serial"/> promise that iterations are independent.</summary>
public enum LoopKind : byte
{
    Serial,

    /// <summary>Work items, split over cores (CPU) or blocks (GPU). Only as the outermost statement of a kernel.</summary>
    Parallel,

    /// <summary>Iterations are the lanes of vectors (CPU); the tail is masked.</summary>
    Vector,

    /// <summary>Expanded; the extent is a constant.</summary>
    Unrolled,

    /// <summary>Blocks of a GPU grid.</summary>
    Block,

    /// <summary>Threads of a GPU block.</summary>
    Thread,
}
