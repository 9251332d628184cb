namespace Dlc.IR.Kernels;

/// <summary>Where a buffer lives.</summary>
public enum AddressSpace : byte
{
    /// <summary>Device memory handed in by the runtime, 64-byte aligned, shared by all work items.</summary>
    Global,

    /// <summary>Global memory that nobody writes during the launch: weights and inputs.</summary>
    Constant,

    /// <summary>Shared by the threads of a work item, of constant size; in kernels for GPUs only.</summary>
    Shared,

    /// <summary>Private to a worker (CPU) or block (GPU), carved out of the launch's scratch area; its size may depend on dims.</summary>
    Scratch,

    /// <summary>Private to a work item, of constant size: the stack or registers.</summary>
    Local,
}
