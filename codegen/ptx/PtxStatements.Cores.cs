using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <content>Tiles whose elements CUDA cores multiply: each thread has 8 by 8 or 4 by 4 of them, by four neighbours along both axes.</content>
internal sealed partial class PtxStatements
{
    /// <summary>Rows of the accumulators that the epilogue takes at a time on CUDA cores.</summary>
    private const int GroupRows = 64;

    /// <summary>Adds the product of two pieces in shared memory to the tile, on CUDA cores.</summary>
    private void MultiplyPiece(TileState tile, int depthStep, LLVMValueRef a, PieceLayout layoutA, LLVMValueRef bPiece, PieceLayout layoutB)
    {
        ElementType type = tile.Tile.Type;
        (LLVMValueRef ty, LLVMValueRef tx) = Square();
        LLVMTypeRef element = ScalarTypes.InMemory(b, type);
        const int unroll = 8;
        CountedLoop(b.I32.Null, b.Constant(b.I32, (long)depthStep), b.Constant(b.I32, (long)unroll), start =>
        {
            // A line a depth: from the thread's first elements all others are at known distances, which keeps addresses few and accesses wide.
            LLVMValueRef firstA = layoutA.Address(b, a, b.ShiftLeft(ty, 2), start, type);
            LLVMValueRef firstB = layoutB.Address(b, bPiece, start, b.ShiftLeft(tx, 2), type);
            for (int k = 0; k < unroll; k++)
            {
                LLVMValueRef[] x = Neighbours(tile.ThreadRows, firstA, k * layoutA.Stride);
                LLVMValueRef[] y = Neighbours(tile.ThreadColumns, firstB, k * layoutB.Stride);
                for (int i = 0; i < tile.Slots.Length; i++)
                {
                    LLVMValueRef sum = b.Builder.BuildLoad2(x[0].TypeOf, tile.Slots[i]);
                    (int row, int column) = (i / tile.ThreadColumns, i % tile.ThreadColumns);
                    LLVMValueRef more = type.IsFloat() ? b.FAdd(sum, b.FMul(x[row], y[column])) : b.Add(sum, b.Builder.BuildMul(x[row], y[column]));
                    b.Builder.BuildStore(more, tile.Slots[i]);
                }
            }
        });

        LLVMValueRef[] Neighbours(int count, LLVMValueRef first, int line)
        {
            LLVMValueRef[] values = new LLVMValueRef[count];
            for (int i = 0; i < count; i++)
            {
                LLVMValueRef raw = b.Builder.BuildLoad2(element, b.Builder.BuildInBoundsGEP2(element, first, b.Constant(b.I32, (long)line + FarBy(i))));
                raw.SetAlignment((uint)(i % 4 == 0 ? 4 * type.Bytes() : type.Bytes()));
                values[i] = ScalarTypes.Decode(b, type, raw);
            }

            return values;
        }
    }

    /// <summary>The place of a thread's element i along an axis: neighbours by four.</summary>
    private LLVMValueRef Far(LLVMValueRef first, int i) => b.Builder.BuildNSWAdd(first, b.Constant(b.I32, (long)FarBy(i)));

    private static int FarBy(int i) => (i / 4 * GroupRows) + (i % 4);

    /// <summary>
    /// A thread's place in the square of threads. A warp is 4 by 8 of them: it reads the fewest different elements of both operands together.
    /// </summary>
    private (LLVMValueRef Y, LLVMValueRef X) Square()
    {
        (LLVMValueRef warp, LLVMValueRef lane) = WarpAndLane();
        LLVMValueRef y = b.Builder.BuildOr(b.ShiftLeft(b.Builder.BuildLShr(warp, b.Constant(b.I32, 1L)), 2), b.Builder.BuildLShr(lane, b.Constant(b.I32, 3L)));
        LLVMValueRef x = b.Builder.BuildOr(b.ShiftLeft(b.And(warp, 1), 3), b.And(lane, 7));
        return (y, x);
    }

    private void WriteSlab(TileState tile, int slab, Func<LLVMValueRef, LLVMValueRef, LLVMValueRef> at)
    {
        (LLVMValueRef ty, LLVMValueRef tx) = Square();
        for (int i = 0; i < 4; i++)
        {
            for (int j = 0; j < tile.ThreadColumns; j++)
            {
                LLVMValueRef slot = tile.Slots[(((slab * 4) + i) * tile.ThreadColumns) + j];
                LLVMTypeRef register = ScalarTypes.InRegister(b, tile.Tile.Type);
                LLVMValueRef row = b.Builder.BuildNSWAdd(b.ShiftLeft(ty, 2), b.Constant(b.I32, (long)i));
                exprs.StoreAt(tile.Tile.Type, at(row, Far(b.ShiftLeft(tx, 2), j)), b.Builder.BuildLoad2(register, slot));
            }
        }
    }
}
