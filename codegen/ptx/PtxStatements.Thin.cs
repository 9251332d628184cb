using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <content>
/// Thin tiles, of at most 8 rows and 32 columns: products of few rows read the right-hand operand once and do little else. A thread has a column, each warp
/// a share of the depth; their sums meet in shared memory.
/// </content>
internal sealed partial class PtxStatements
{
    /// <summary>Steps of the depth that a thread takes at a time, to have as many loads on their way.</summary>
    private const int ThinRun = 4;

    private const int Warps = TileState.Threads / GpuModel.WarpThreads;

    private void EmitThinProduct(TileProductStmt product, TileState tile)
    {
        LLVMTypeRef index = frame.IndexType;
        LLVMValueRef depth = exprs.Index(product.Depth);
        LLVMValueRef rows = exprs.Index(product.ValidRows);
        LLVMValueRef columns = exprs.Index(product.ValidColumns);
        (LLVMValueRef warp, LLVMValueRef lane) = WarpAndLane();
        LLVMValueRef column = Widened(lane);
        LLVMValueRef Below(LLVMValueRef x, LLVMValueRef limit) => b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, x, limit);
        LLVMValueRef At(LLVMValueRef k, int step) => b.Builder.BuildNSWAdd(k, b.Constant(index, (long)step));
        void Multiply(LLVMValueRef k, int steps)
        {
            LLVMValueRef[] y = OperandElements(product.B, [.. Enumerable.Range(0, steps).Select(j => (At(k, j), column))]);
            y = [.. y.Select(v => Convert(tile.Tile.Type, product.B.Value.Type, v))];
            for (int r = 0; r < tile.Tile.Rows; r++)
            {
                int row = r;
                Branch(Below(b.Constant(index, (long)r), rows), () =>
                {
                    LLVMValueRef place = b.Constant(index, (long)row);
                    LLVMValueRef[] x = OperandElements(product.A, [.. Enumerable.Range(0, steps).Select(j => (place, At(k, j)))]);
                    LLVMValueRef sum = b.Builder.BuildLoad2(y[0].TypeOf, tile.Slots[row]);
                    for (int j = 0; j < steps; j++)
                    {
                        LLVMValueRef a = Convert(tile.Tile.Type, product.A.Value.Type, x[j]);
                        sum = tile.Tile.Type.IsFloat() ? b.FAdd(sum, b.FMul(a, y[j])) : b.Add(sum, b.Builder.BuildMul(a, y[j]));
                    }

                    b.Builder.BuildStore(sum, tile.Slots[row]);
                }, null);
            }
        }

        LLVMValueRef first = b.Builder.BuildNSWMul(Widened(warp), b.Constant(index, (long)ThinRun));
        Branch(Below(column, columns), () => CountedLoop(first, depth, b.Constant(index, (long)(Warps * ThinRun)), k =>
            Branch(b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLE, At(k, ThinRun), depth), () => Multiply(k, ThinRun), () =>
            {
                for (int j = 0; j < ThinRun; j++)
                {
                    LLVMValueRef one = At(k, j);
                    Branch(Below(one, depth), () => Multiply(one, 1), null);
                }
            })), null);
        RequireShared(Warps * tile.Tile.Rows * GpuModel.WarpThreads * tile.Tile.Type.Bytes());
        for (int r = 0; r < tile.Slots.Length; r++)
        {
            LLVMValueRef sum = b.Builder.BuildLoad2(ScalarTypes.InRegister(b, tile.Tile.Type), tile.Slots[r]);
            exprs.StoreAt(tile.Tile.Type, ThinPlace(tile, warp, b.Constant(b.I32, (long)r), lane), sum);
        }

        Barrier();
    }

    private void EmitThinForEach(TileForEachStmt each, TileState tile)
    {
        LLVMValueRef columns = exprs.Index(each.ValidColumns);
        LLVMValueRef rows = each.ValidRows is null ? b.Constant(frame.IndexType, (long)each.Tile.Rows) : exprs.Index(each.ValidRows);

        // As many threads as elements: what counted warps before counts rows now.
        (LLVMValueRef row, LLVMValueRef column) = WarpAndLane();
        (LLVMValueRef r, LLVMValueRef c) = (Widened(row), Widened(column));
        LLVMValueRef inside = b.Builder.BuildAnd(
            b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, r, rows), b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSLT, c, columns));
        frame.IsSpread = true;
        Branch(inside, () =>
        {
            LLVMValueRef? element = null;
            for (int w = 0; w < Warps; w++)
            {
                LLVMValueRef part = exprs.LoadAt(each.Tile.Type, ThinPlace(tile, b.Constant(b.I32, (long)w), row, column));
                element = element is not { } sum ? part : each.Tile.Type.IsFloat() ? b.FAdd(sum, part) : b.Add(sum, part);
            }

            frame.BindIndex(each.Row, r, isNatural: true);
            frame.BindIndex(each.Column, c, isNatural: true);
            frame.Bind(each.Element, new PtxFrame.Binding(element!.Value, element.Value, default, default));
            Emit(each.Body);
        }, null);
        frame.IsSpread = false;
        Barrier();
    }

    private LLVMValueRef ThinPlace(TileState tile, LLVMValueRef warp, LLVMValueRef row, LLVMValueRef lane)
    {
        LLVMValueRef line = b.Builder.BuildNSWAdd(b.Builder.BuildNSWMul(warp, b.Constant(b.I32, (long)tile.Tile.Rows)), row);
        LLVMValueRef place = b.Builder.BuildNSWAdd(b.Builder.BuildNSWMul(line, b.Constant(b.I32, (long)GpuModel.WarpThreads)), lane);
        return b.Builder.BuildGEP2(ScalarTypes.InMemory(b, tile.Tile.Type), TileMemory(), place);
    }

    private (LLVMValueRef Warp, LLVMValueRef Lane) WarpAndLane() =>
        (b.Builder.BuildLShr(frame.Threads.InItem, b.Constant(b.I32, 5L)), b.And(frame.Threads.InItem, GpuModel.WarpThreads - 1));

    private LLVMValueRef Widened(LLVMValueRef place) => frame.IsNarrow ? place : b.Builder.BuildZExt(place, b.I64);
}
