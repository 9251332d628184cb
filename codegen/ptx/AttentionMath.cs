using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// The arithmetic of attention on what lies in shared memory. A thread holds some rows of its warp, with the same rows of scores, weights and output; which
/// of their columns, the derived class says.
/// </summary>
internal abstract class AttentionMath
{
    protected AttentionMath(PtxFrame frame, AttentionShape shape, int outputs)
    {
        Frame = frame;
        b = frame.Values;
        Shape = shape;
        Lane = b.And(frame.Threads.InItem, GpuModel.WarpThreads - 1);
        LLVMValueRef warp = b.Builder.BuildLShr(frame.Threads.InItem, b.Constant(b.I32, 5L));
        WarpRow = shape.SplitsKeys ? b.I32.Null : b.ShiftLeft(warp, 4);
        WarpKey = shape.SplitsKeys ? b.Builder.BuildNSWMul(warp, b.Constant(b.I32, (long)shape.KeysOfWarp)) : b.I32.Null;
        Part = shape.SplitsKeys ? warp : b.I32.Null;
        Outputs = [.. Enumerable.Range(0, outputs).Select(_ => frame.Alloca(b.F32))];
        foreach (LLVMValueRef slot in Outputs)
        {
            b.Builder.BuildStore(b.F32.Null, slot);
        }
    }

    /// <summary>Rows of a thread.</summary>
    internal abstract int Rows { get; }

    /// <summary>Scores of a thread in a block of keys.</summary>
    internal abstract int Scores { get; }

    /// <summary>The distances between the threads that share rows.</summary>
    internal abstract ReadOnlySpan<int> Distances { get; }

    /// <summary>Whether a thread is the first of those that share its rows.</summary>
    internal LLVMValueRef IsFirst => b.ICmp(LLVMIntPredicate.LLVMIntEQ, b.And(Lane, (2 * Distances[^1]) - 1), 0);

    /// <summary>Sums of the output, in f32.</summary>
    internal LLVMValueRef[] Outputs { get; }

    /// <summary>The part of the output that the warp sums.</summary>
    internal LLVMValueRef Part { get; }

    internal AttentionShape Shape { get; }

    protected PtxFrame Frame { get; }

    protected LaneBuilder b { get; }


    protected LLVMValueRef Lane { get; }

    /// <summary>First row and first key of the warp.</summary>
    protected LLVMValueRef WarpRow { get; }

    protected LLVMValueRef WarpKey { get; }

    /// <summary>The row of the tile that is a thread's row i.</summary>
    internal abstract LLVMValueRef Row(int i);

    /// <summary>Which of the thread's rows score i belongs to, and its key in the block of keys.</summary>
    internal abstract (int Row, LLVMValueRef Key) ScoreAt(int i);

    /// <summary>Which of the thread's rows output i belongs to, and its column.</summary>
    internal abstract (int Row, LLVMValueRef Column) OutputAt(int i);

    /// <summary>Products of queries and keys.</summary>
    internal abstract LLVMValueRef[] Score(LLVMValueRef memory);

    /// <summary>Adds values with these weights to the output.</summary>
    internal abstract void Add(LLVMValueRef[] weights, LLVMValueRef memory);

    protected LLVMValueRef Bytes(LLVMValueRef memory, int offset) => b.Builder.BuildGEP2(b.I8, memory, b.Constant(b.I32, (long)offset));

    protected LLVMValueRef Sum(LLVMValueRef x, LLVMValueRef y) => b.Builder.BuildNSWAdd(x, y);
}
