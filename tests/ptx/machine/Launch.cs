namespace Dlc.Ptx.Machine;

/// <summary>A kernel with its arguments and sizes.</summary>
internal sealed class Launch
{
    /// <summary>The kernel.</summary>
    public required KernelProgram Program { get; init; }

    /// <summary>The module's own variables.</summary>
    public required Region?[] ModuleGlobals { get; init; }

    /// <summary>The module's constants.</summary>
    public required Region Constants { get; init; }

    /// <summary>The arguments.</summary>
    public required Region Arguments { get; init; }

    /// <summary>Device memory.</summary>
    public required PtxMemory Memory { get; init; }

    /// <summary>Blocks.</summary>
    public required Dim3 Grid { get; init; }

    /// <summary>Threads of a block.</summary>
    public required Dim3 Block { get; init; }

    /// <summary>Bytes of dynamic shared memory.</summary>
    public required int DynamicShared { get; init; }

    /// <summary>What is allowed.</summary>
    public required LaunchOptions Options { get; init; }

    /// <summary>Counts.</summary>
    public LaunchStatistics Statistics { get; } = new();

    /// <summary>Warp instructions that may still run.</summary>
    public long Budget { get; set; }
}
