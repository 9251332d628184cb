namespace Dlc.IR.Kernels;

/// <summary>
/// What scheduling and lowering need to know about a processor, as plain numbers. Code generation holds the rest
/// (instruction sets, tool-chain names) in its own target types, each of which carries one of these.
/// </summary>
public sealed record MachineModel
{
    /// <summary>A short stable name, e.g. <c>x86-64-v4</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes of one vector register.</summary>
    public required int VectorBytes { get; init; }

    /// <summary>Number of vector registers the code generator may use.</summary>
    public required int VectorRegisters { get; init; }

    /// <summary>Default number of SPMD lanes of a Vector loop: f32 elements of one register.</summary>
    public int VectorLanes => VectorBytes / sizeof(float);

    /// <summary>Rows of the register tile of an f32 matrix product.</summary>
    public required int TileRows { get; init; }

    /// <summary>Columns of that tile, in elements; the width of a packed panel of the right-hand matrix.</summary>
    public required int TileColumns { get; init; }

    /// <summary>Columns of the tile for products of a single row (matrix times vector), in elements.</summary>
    public required int RowTileColumns { get; init; }

    /// <summary>Bytes of the first-level data cache of a core.</summary>
    public required int L1Bytes { get; init; }

    /// <summary>Bytes of the second-level cache of a core.</summary>
    public required int L2Bytes { get; init; }

    /// <summary>What a GPU has besides; null for a processor.</summary>
    public GpuModel? Gpu { get; init; }

    /// <summary>Bytes of a cache line.</summary>
    public int CacheLineBytes { get; init; } = 64;

    /// <summary>
    /// The largest row count whose accumulators, with one row of the right-hand panel and one broadcast, fit the registers for a
    /// tile of <paramref name="columns"/> f32 columns: <c>rows * vectors + vectors + 1 &lt;= registers</c>.
    /// </summary>
    public int MaximalTileRows(int columns)
    {
        int vectors = (columns + VectorLanes - 1) / VectorLanes;
        return Math.Max(1, (VectorRegisters - vectors - 1) / vectors);
    }
}
