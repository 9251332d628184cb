using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <content>Copies that transpose, in square blocks of vectors: about five times as fast as gathering element by element.</content>
internal sealed partial class StmtEmitter
{
    private bool TryEmitTransposed(ForStmt loop, LLVMValueRef start, LLVMValueRef end)
    {
        int lanes = b.Machine.VectorLanes;
        if (frame.Scope.IsVector || TransposedCopy.Match(loop) is not { } copy || IsShort(start, end, lanes))
        {
            return false;
        }

        LLVMValueRef innerStart = exprs.Scalar(copy.Inner.Start);
        LLVMValueRef innerEnd = exprs.Scalar(copy.Inner.End);
        if (IsShort(innerStart, innerEnd, lanes))
        {
            return false;
        }

        CountedLoop(start, end, lanes, k => CountedLoop(innerStart, innerEnd, lanes, v =>
        {
            LLVMValueRef rows = b.Sub(innerEnd, v);
            LLVMValueRef columns = b.Sub(end, k);
            LLVMValueRef isWhole = b.Builder.BuildAnd(
                b.ICmp(LLVMIntPredicate.LLVMIntSGE, rows, lanes), b.ICmp(LLVMIntPredicate.LLVMIntSGE, columns, lanes));
            Choose(isWhole, () => TransposeBlock(copy, k, v, null, null), () => TransposeBlock(copy, k, v, rows, columns));
        }));
        return true;
    }

    // Too few iterations to fill blocks.
    private static bool IsShort(LLVMValueRef start, LLVMValueRef end, int lanes) =>
        start.IsAConstantInt && end.IsAConstantInt && end.ConstIntSExt - start.ConstIntSExt < lanes / 2;

    /// <summary>One block from (k, v): of a block at the edge only <paramref name="rows"/> in v and <paramref name="columns"/> in k exist.</summary>
    private void TransposeBlock(TransposedCopy copy, LLVMValueRef k, LLVMValueRef v, LLVMValueRef? rows, LLVMValueRef? columns)
    {
        int lanes = b.Machine.VectorLanes;
        LaneScope outer = frame.Scope;
        LLVMTypeRef bits = LaneBuilder.Wide(b.Bit, lanes);
        LLVMValueRef[] block = new LLVMValueRef[lanes];
        for (int row = 0; row < lanes; row++)
        {
            LLVMValueRef? mask = columns is { } width
                ? b.Select(b.ICmp(LLVMIntPredicate.LLVMIntSGT, rows!.Value, row), b.LowLanes(width, lanes), bits.Null)
                : null;
            frame.Scope = new LaneScope(lanes, mask);
            frame.Bind(copy.Outer.Var, LaneValue.Linear(k, b.Constant(b.I64, 1L)));
            frame.Bind(copy.Inner.Var, LaneValue.Uniform(b.Add(v, row)));
            exprs.BeginStatement();
            block[row] = exprs.Wide(exprs.Evaluate(copy.Load));
        }

        Transpose(block);
        for (int column = 0; column < lanes; column++)
        {
            LLVMValueRef? mask = rows is { } height
                ? b.Select(b.ICmp(LLVMIntPredicate.LLVMIntSGT, columns!.Value, column), b.LowLanes(height, lanes), bits.Null)
                : null;
            frame.Scope = new LaneScope(lanes, mask);
            frame.Bind(copy.Outer.Var, LaneValue.Uniform(b.Add(k, column)));
            frame.Bind(copy.Inner.Var, LaneValue.Linear(v, b.Constant(b.I64, 1L)));
            exprs.BeginStatement();
            exprs.Preset(copy.Load, LaneValue.Varying(block[column]));
            exprs.Store(copy.Store.Buffer, copy.Store.Index, copy.Store.Value, null);
        }

        frame.Scope = outer;
        exprs.BeginStatement();
    }

    /// <summary>Transposes a square of vectors: step s swaps bit s of the row number with bit s of the lane number.</summary>
    private void Transpose(LLVMValueRef[] block)
    {
        int lanes = block.Length;
        for (int bit = 1; bit < lanes; bit *= 2)
        {
            LLVMValueRef[] low = new LLVMValueRef[lanes];
            LLVMValueRef[] high = new LLVMValueRef[lanes];
            for (int lane = 0; lane < lanes; lane++)
            {
                bool set = (lane & bit) != 0;
                low[lane] = b.Constant(b.I32, set ? lanes + lane - bit : lane);
                high[lane] = b.Constant(b.I32, set ? lanes + lane : lane + bit);
            }

            LLVMValueRef lowMask = LLVMValueRef.CreateConstVector(low);
            LLVMValueRef highMask = LLVMValueRef.CreateConstVector(high);
            for (int row = 0; row < lanes; row++)
            {
                if ((row & bit) == 0)
                {
                    (LLVMValueRef x, LLVMValueRef y) = (block[row], block[row | bit]);
                    block[row] = b.Builder.BuildShuffleVector(x, y, lowMask);
                    block[row | bit] = b.Builder.BuildShuffleVector(x, y, highMask);
                }
            }
        }
    }
}
