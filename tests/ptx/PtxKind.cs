namespace Dlc.Ptx;

/// <summary>What an instruction is counted as.</summary>
public enum PtxKind
{
    /// <summary>Moves, packing, selection, address conversion.</summary>
    Move,

    /// <summary>Integer arithmetic, logic, comparison.</summary>
    Integer,

    /// <summary>Floating-point arithmetic and comparison.</summary>
    Float,

    /// <summary>Reciprocals, roots, exponentials and the like.</summary>
    Special,

    /// <summary>Conversions.</summary>
    Convert,

    /// <summary>Branches and exits.</summary>
    Branch,

    /// <summary>Reads of global memory.</summary>
    GlobalLoad,

    /// <summary>Writes to global memory.</summary>
    GlobalStore,

    /// <summary>Reads of shared memory; ldmatrix too.</summary>
    SharedLoad,

    /// <summary>Writes to shared memory.</summary>
    SharedStore,

    /// <summary>Reads and writes of local memory: spills and arrays in memory.</summary>
    Local,

    /// <summary>Reads of arguments and constants, and accesses through generic addresses.</summary>
    OtherMemory,

    /// <summary>Atomic operations and reductions in memory.</summary>
    Atomic,

    /// <summary>Asynchronous copies.</summary>
    AsyncCopy,

    /// <summary>Shuffles, votes and other exchanges in a warp.</summary>
    Warp,

    /// <summary>Barriers and fences.</summary>
    Barrier,

    /// <summary>Matrix products on tensor cores.</summary>
    Matrix,
}
