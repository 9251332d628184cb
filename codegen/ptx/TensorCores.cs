using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// Products on tensor cores through <c>mma.sync</c> with f32 accumulators. Layouts of fragments are those of the PTX manual ("Matrix fragments for
/// mma.m16n8k16" and "mma.m16n8k8").
/// </summary>
internal sealed class TensorCores
{
    /// <summary>Pieces in shared memory: one that is multiplied, the others on their way.</summary>
    internal const int Stages = 3;

    private readonly LaneBuilder b;
    private readonly PtxFrame frame;

    private TensorCores(LaneBuilder b, PtxFrame frame, ElementType stored)
    {
        this.b = b;
        this.frame = frame;
        Stored = stored;
    }

    /// <summary>Element type in shared memory.</summary>
    internal ElementType Stored { get; }

    /// <summary>Depth of a piece.</summary>
    internal int DepthStep => IsTf32 ? 16 : 32;

    /// <summary>Whether operands are words, rounded to tf32.</summary>
    internal bool IsTf32 => Stored == ElementType.Float32;

    /// <summary>Depth of one instruction.</summary>
    internal int Depth => IsTf32 ? 8 : 16;

    /// <summary>Tensor cores for operands of a type, or null where there are none.</summary>
    internal static TensorCores? For(ElementType type, LaneBuilder b, PtxFrame frame) =>
        type is ElementType.Float16 or ElementType.BFloat16 || (type == ElementType.Float32 && frame.AllowsTf32) ? new TensorCores(b, frame, type) : null;

    /// <summary>Tensor cores for a product, or null where it goes over CUDA cores.</summary>
    internal static TensorCores? For(TileProductStmt product, LaneBuilder b, PtxFrame frame)
    {
        ElementType type = product.A.Value.Type;
        bool fits = type == product.B.Value.Type && product.Tile.Type == ElementType.Float32
            && product.Tile.Rows % (TileState.WarpRows * TileState.FragmentRows) == 0
            && product.Tile.Columns % (TileState.WarpColumns * 2 * TileState.FragmentColumns) == 0;
        return fits ? For(type, b, frame) : null;
    }

    /// <summary>
    /// A piece with lines along what is contiguous in memory. Halves are padded by 16 bytes, so that 8 lines begin on different banks; words so that the
    /// 8 by 4 that a warp reads at a time do.
    /// </summary>
    internal PieceLayout Layout(int rows, int columns, bool linesAreColumns, bool linesRunAlongDepth)
    {
        int padding = !IsTf32 ? 8 : linesRunAlongDepth ? 4 : 8;
        return linesAreColumns ? new(columns, rows + padding, true) : new(rows, columns + padding, false);
    }

    /// <summary>Adds the product of two pieces in shared memory to the tile.</summary>
    internal void Multiply(TileState tile, LLVMValueRef a, PieceLayout layoutA, LLVMValueRef bPiece, PieceLayout layoutB)
    {
        LLVMValueRef lane = b.And(frame.Threads.InItem, GpuModel.WarpThreads - 1);
        (LLVMValueRef warpRow, LLVMValueRef warpColumn) = Warp(b, frame);
        LLVMValueRef firstRow = b.Builder.BuildNSWMul(warpRow, b.Constant(b.I32, (long)tile.RowsOfWarp));
        LLVMValueRef firstColumn = b.Builder.BuildNSWMul(warpColumn, b.Constant(b.I32, (long)tile.ColumnsOfWarp));

        // Threads 8q to 8q + 7 name the lines of matrix q.
        LLVMValueRef inMatrix = b.And(lane, 7);
        LLVMValueRef low = b.ShiftLeft(b.And(b.Builder.BuildLShr(lane, b.Constant(b.I32, 3L)), 1), 3);
        LLVMValueRef high = b.ShiftLeft(b.Builder.BuildLShr(lane, b.Constant(b.I32, 4L)), 3);
        int rowBlocks = tile.RowsOfWarp / TileState.FragmentRows;
        int columnPairs = tile.ColumnsOfWarp / (2 * TileState.FragmentColumns);
        for (int step = 0; step < DepthStep; step += Depth)
        {
            int k = step;
            LLVMValueRef[][] x = new LLVMValueRef[rowBlocks][];
            for (int i = 0; i < rowBlocks; i++)
            {
                // Matrices: rows 0 to 7 and 8 to 15 of depth 0 to 7, then of depth 8 to 15.
                LLVMValueRef top = b.Add(firstRow, i * TileState.FragmentRows);
                (LLVMValueRef row, LLVMValueRef depth) = layoutA.LinesAreColumns
                    ? (Sum(top, low), Sum(b.Add(inMatrix, k), high))
                    : (Sum(Sum(top, low), inMatrix), b.Add(high, k));
                x[i] = IsTf32 ? ReadWords(layoutA, a, (lane, j) => (b.Add(Sum(top, Quarter(lane)), j % 2 * 8), b.Add(b.And(lane, 3), k + (j / 2 * 4))), 4)
                    : ReadMatrices(layoutA.Address(b, a, row, depth, Stored), layoutA.LinesAreColumns);
            }

            LLVMValueRef[][] y = new LLVMValueRef[columnPairs][];
            for (int j = 0; j < columnPairs; j++)
            {
                // Matrices: depth 0 to 7 and 8 to 15 of columns 0 to 7, then of columns 8 to 15.
                LLVMValueRef left = b.Add(firstColumn, j * 2 * TileState.FragmentColumns);
                (LLVMValueRef depth, LLVMValueRef column) = layoutB.LinesAreColumns
                    ? (b.Add(low, k), Sum(Sum(left, high), inMatrix))
                    : (Sum(b.Add(inMatrix, k), low), Sum(left, high));
                y[j] = IsTf32 ? ReadWords(layoutB, bPiece, (lane, e) => (b.Add(b.And(lane, 3), k + (e % 2 * 4)), b.Add(Sum(left, Quarter(lane)), e / 2 * 8)), 4)
                    : ReadMatrices(layoutB.Address(b, bPiece, depth, column, Stored), !layoutB.LinesAreColumns);
            }

            for (int i = 0; i < rowBlocks; i++)
            {
                for (int j = 0; j < 2 * columnPairs; j++)
                {
                    Multiply(tile, i, j, x[i], y[j / 2].AsSpan(2 * (j % 2), 2));
                }
            }
        }
    }

    /// <summary>Writes rows 16 * slab to 16 * slab + 15 of each warp to a slab, warp row by warp row.</summary>
    internal static void WriteSlab(LaneBuilder b, PtxFrame frame, TileState tile, int slab, Func<LLVMValueRef, LLVMValueRef, LLVMValueRef> at)
    {
        LLVMValueRef lane = b.And(frame.Threads.InItem, GpuModel.WarpThreads - 1);
        (LLVMValueRef warpRow, LLVMValueRef warpColumn) = Warp(b, frame);
        LLVMValueRef row = Sum(b, b.ShiftLeft(warpRow, 4), b.Builder.BuildLShr(lane, b.Constant(b.I32, 2L)));
        LLVMValueRef column = Sum(b, b.Builder.BuildNSWMul(warpColumn, b.Constant(b.I32, (long)tile.ColumnsOfWarp)), b.ShiftLeft(b.And(lane, 3), 1));
        for (int j = 0; j < tile.ColumnsOfWarp / TileState.FragmentColumns; j++)
        {
            for (int e = 0; e < 4; e++)
            {
                LLVMValueRef value = b.Builder.BuildLoad2(b.F32, tile.Slots[SlotOf(tile, slab, j, e)]);
                LLVMValueRef place = at(b.Add(row, e / 2 * 8), b.Add(column, (j * TileState.FragmentColumns) + (e % 2)));
                b.Builder.BuildStore(value, place).SetAlignment(sizeof(float));
            }
        }
    }

    /// <summary>The row of the tile that is a row of a slab.</summary>
    internal static LLVMValueRef RowOf(LaneBuilder b, TileState tile, int slab, LLVMValueRef row)
    {
        LLVMValueRef warp = b.Builder.BuildLShr(row, b.Constant(b.I32, 4L));
        LLVMValueRef first = b.Builder.BuildNSWMul(warp, b.Constant(b.I32, (long)tile.RowsOfWarp));
        return Sum(b, b.Add(first, slab * TileState.FragmentRows), b.And(row, TileState.FragmentRows - 1));
    }

    private static int SlotOf(TileState tile, int rowBlock, int column, int element) =>
        (((rowBlock * tile.ColumnsOfWarp / TileState.FragmentColumns) + column) * 4) + element;

    private static (LLVMValueRef Row, LLVMValueRef Column) Warp(LaneBuilder b, PtxFrame frame)
    {
        LLVMValueRef warp = b.Builder.BuildLShr(frame.Threads.InItem, b.Constant(b.I32, 5L));
        return (b.Builder.BuildLShr(warp, b.Constant(b.I32, 2L)), b.And(warp, TileState.WarpColumns - 1));
    }

    private static LLVMValueRef Sum(LaneBuilder b, LLVMValueRef x, LLVMValueRef y) => b.Builder.BuildNSWAdd(x, y);

    private LLVMValueRef Sum(LLVMValueRef x, LLVMValueRef y) => Sum(b, x, y);

    /// <summary>Four matrices of 8 by 8 elements, a pair of elements a thread; the lines in memory may be their columns.</summary>
    internal LLVMValueRef[] ReadMatrices(LLVMValueRef address, bool isTransposed)
    {
        string name = isTransposed ? "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16" : "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16";
        LLVMValueRef all = b.Call(name, [address.TypeOf], address);
        return [.. Enumerable.Range(0, 4).Select(i => b.Builder.BuildExtractValue(all, (uint)i))];
    }

    /// <summary>A quarter of the thread's number: its row or column in fragments of words.</summary>
    private LLVMValueRef Quarter(LLVMValueRef lane) => b.Builder.BuildLShr(lane, b.Constant(b.I32, 2L));

    /// <summary>Words of a fragment, rounded to tf32.</summary>
    internal LLVMValueRef[] ReadWords(PieceLayout layout, LLVMValueRef piece, Func<LLVMValueRef, int, (LLVMValueRef Row, LLVMValueRef Column)> place, int count)
    {
        LLVMValueRef lane = b.And(frame.Threads.InItem, GpuModel.WarpThreads - 1);
        LLVMValueRef[] words = new LLVMValueRef[count];
        for (int i = 0; i < count; i++)
        {
            (LLVMValueRef row, LLVMValueRef column) = place(lane, i);
            LLVMValueRef value = b.Builder.BuildLoad2(b.F32, layout.Address(b, piece, row, column, Stored));
            value.SetAlignment(sizeof(float));
            words[i] = b.Call("llvm.nvvm.f2tf32.rna", [], value);
        }

        return words;
    }

    private void Multiply(TileState tile, int rowBlock, int column, LLVMValueRef[] x, ReadOnlySpan<LLVMValueRef> y)
    {
        LLVMValueRef[] sums = [.. Enumerable.Range(0, 4).Select(e => b.Builder.BuildLoad2(b.F32, tile.Slots[SlotOf(tile, rowBlock, column, e)]))];
        Multiply(x, y, sums);
        for (int e = 0; e < 4; e++)
        {
            b.Builder.BuildStore(sums[e], tile.Slots[SlotOf(tile, rowBlock, column, e)]);
        }
    }

    /// <summary>Adds the product of fragments of 16 rows and of 8 columns to the four sums of a thread.</summary>
    internal void Multiply(LLVMValueRef[] x, ReadOnlySpan<LLVMValueRef> y, LLVMValueRef[] sums)
    {
        bool isHalf = Stored == ElementType.Float16;
        LLVMTypeRef pair = isHalf ? LaneBuilder.Wide(b.Half, 2) : b.I32;
        LLVMValueRef[] arguments = new LLVMValueRef[10];
        for (int i = 0; i < 4; i++)
        {
            arguments[i] = b.BitCast(x[i], pair);
        }

        (arguments[4], arguments[5]) = (b.BitCast(y[0], pair), b.BitCast(y[1], pair));
        sums.CopyTo(arguments, 6);
        LLVMValueRef result = b.Call(
            isHalf ? "llvm.nvvm.mma.m16n8k16.row.col.f32.f32" : IsTf32 ? "llvm.nvvm.mma.m16n8k8.row.col.tf32" : "llvm.nvvm.mma.m16n8k16.row.col.bf16",
            [],
            arguments);
        for (int e = 0; e < 4; e++)
        {
            sums[e] = b.Builder.BuildExtractValue(result, (uint)e);
        }
    }
}
