using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// The greatest score and the sum of the weights of a thread's rows, over the keys so far (Milakov and Gimelshein 2018). Weights are relative to the greatest
/// score; where all are minus infinity they are 0.
/// </summary>
internal sealed class OnlineSoftmax
{
    private const double Log2E = 1.4426950408889634;

    private readonly LaneBuilder b;
    private readonly PtxStatements statements;
    private readonly AttentionMath math;

    /// <summary>The greatest score of each row, the same for all threads that share it; the sum is of this thread's keys alone.</summary>
    private readonly LLVMValueRef[] greatest;

    private readonly LLVMValueRef[] sums;

    internal OnlineSoftmax(PtxStatements statements, PtxFrame frame, AttentionMath math)
    {
        b = frame.Values;
        this.statements = statements;
        this.math = math;
        greatest = [.. Enumerable.Range(0, math.Rows).Select(_ => Slot(double.NegativeInfinity))];
        sums = [.. Enumerable.Range(0, math.Rows).Select(_ => Slot(0))];

        LLVMValueRef Slot(double initial)
        {
            LLVMValueRef slot = frame.Alloca(b.F32);
            b.Builder.BuildStore(b.Constant(b.F32, initial), slot);
            return slot;
        }
    }

    /// <summary>Takes the scores of a block of keys: scales what there was, and gives the weights.</summary>
    internal LLVMValueRef[] Next(LLVMValueRef[] scores)
    {
        LLVMValueRef[] factors = new LLVMValueRef[math.Rows], shifts = new LLVMValueRef[math.Rows], totals = new LLVMValueRef[math.Rows];
        for (int row = 0; row < math.Rows; row++)
        {
            LLVMValueRef before = b.Builder.BuildLoad2(b.F32, greatest[row]);
            LLVMValueRef most = AcrossThreads(scores.Where((_, i) => math.ScoreAt(i).Row == row).Aggregate(Greater), Greater);
            most = Greater(before, most);
            b.Builder.BuildStore(most, greatest[row]);
            shifts[row] = Shift(most);
            factors[row] = Weight(before, shifts[row]);
            totals[row] = b.FMul(b.Builder.BuildLoad2(b.F32, sums[row]), factors[row]);
        }

        LLVMValueRef[] weights = new LLVMValueRef[scores.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            int row = math.ScoreAt(i).Row;
            weights[i] = Weight(scores[i], shifts[row]);
            totals[row] = b.FAdd(totals[row], weights[i]);
        }

        for (int row = 0; row < math.Rows; row++)
        {
            b.Builder.BuildStore(totals[row], sums[row]);
        }

        Scale(factors);
        return weights;
    }

    /// <summary>
    /// After the last key: adds up the weights of rows. Parts of rows that warps have agree on the greatest score first, through shared memory.
    /// </summary>
    /// <param name="memory">Memory for what the parts tell each other.</param>
    internal void Join(LLVMValueRef memory)
    {
        AttentionShape shape = math.Shape;
        for (int row = 0; row < math.Rows; row++)
        {
            b.Builder.BuildStore(AcrossThreads(b.Builder.BuildLoad2(b.F32, sums[row]), b.FAdd), sums[row]);
        }

        if (!shape.SplitsKeys)
        {
            return;
        }

        LLVMValueRef At(LLVMValueRef part, LLVMValueRef row, int which)
        {
            LLVMValueRef number = b.Add(b.Add(b.Builder.BuildNSWMul(part, b.Constant(b.I32, (long)shape.Rows)), row), which * shape.Parts * shape.Rows);
            return b.Builder.BuildGEP2(b.F32, memory, number);
        }

        statements.Either(math.IsFirst, () =>
        {
            for (int row = 0; row < math.Rows; row++)
            {
                b.Builder.BuildStore(b.Builder.BuildLoad2(b.F32, greatest[row]), At(math.Part, math.Row(row), 0)).SetAlignment(sizeof(float));
                b.Builder.BuildStore(b.Builder.BuildLoad2(b.F32, sums[row]), At(math.Part, math.Row(row), 1)).SetAlignment(sizeof(float));
            }
        }, null);
        statements.Meet();
        LLVMValueRef[] factors = new LLVMValueRef[math.Rows];
        for (int row = 0; row < math.Rows; row++)
        {
            LLVMValueRef[] parts = [.. Enumerable.Range(0, shape.Parts).Select(p => b.Constant(b.I32, (long)p))];
            LLVMValueRef[] all = [.. parts.Select(p => Load(At(p, math.Row(row), 0)))];
            LLVMValueRef most = all.Aggregate(Greater);
            LLVMValueRef shift = Shift(most);
            factors[row] = Weight(b.Builder.BuildLoad2(b.F32, greatest[row]), shift);
            b.Builder.BuildStore(most, greatest[row]);
            b.Builder.BuildStore(parts.Select((p, i) => b.FMul(Load(At(p, math.Row(row), 1)), Weight(all[i], shift))).Aggregate(b.FAdd), sums[row]);
        }

        Scale(factors);
    }

    /// <summary>Divides the output by the sums of the weights.</summary>
    /// <param name="emptyIsZero">Where a row without weights is 0 instead of NaN.</param>
    internal void Divide(LLVMValueRef emptyIsZero)
    {
        LLVMValueRef[] factors = new LLVMValueRef[math.Rows];
        for (int row = 0; row < math.Rows; row++)
        {
            LLVMValueRef total = b.Builder.BuildLoad2(b.F32, sums[row]);
            LLVMValueRef isEmpty = b.Builder.BuildAnd(emptyIsZero, b.FCmp(LLVMRealPredicate.LLVMRealOEQ, total, 0.0));
            factors[row] = b.FDiv(b.Constant(b.F32, 1.0), b.Select(isEmpty, b.Constant(b.F32, 1.0), total));
        }

        Scale(factors);
    }

    /// <summary>
    /// Gives (row, 0 or 1, value) of the greatest score and the sum of each row; zeros but for the first part, so that they stay what they are when parts are
    /// added up. The first of the threads that share a row does it.
    /// </summary>
    internal void Tell(Action<LLVMValueRef, int, LLVMValueRef> take)
    {
        LLVMValueRef isFirstPart = b.ICmp(LLVMIntPredicate.LLVMIntEQ, math.Part, 0);
        statements.Either(math.IsFirst, () =>
        {
            for (int row = 0; row < math.Rows; row++)
            {
                take(math.Row(row), 0, b.Select(isFirstPart, b.Builder.BuildLoad2(b.F32, greatest[row]), b.F32.Null));
                take(math.Row(row), 1, b.Select(isFirstPart, b.Builder.BuildLoad2(b.F32, sums[row]), b.F32.Null));
            }
        }, null);
    }

    private LLVMValueRef Load(LLVMValueRef address)
    {
        LLVMValueRef value = b.Builder.BuildLoad2(b.F32, address);
        value.SetAlignment(sizeof(float));
        return value;
    }

    /// <summary>What is subtracted from scores: not minus infinity, which would make NaN of itself.</summary>
    private LLVMValueRef Shift(LLVMValueRef most) =>
        b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOEQ, most, double.NegativeInfinity), b.F32.Null, most);

    /// <summary>e^(x - shift). The difference comes first: large finite scores of masked keys must not overflow one by one.</summary>
    private LLVMValueRef Weight(LLVMValueRef x, LLVMValueRef shift) => b.Call("llvm.nvvm.ex2.approx.ftz", [b.F32], b.FMul(b.Builder.BuildFSub(x, shift), Log2E));

    /// <summary>The greater of two, or the one that is a number; a NaN comes back with its weight.</summary>
    private LLVMValueRef Greater(LLVMValueRef x, LLVMValueRef y) => b.Call("llvm.maxnum", [x.TypeOf], x, y);

    private LLVMValueRef AcrossThreads(LLVMValueRef value, Func<LLVMValueRef, LLVMValueRef, LLVMValueRef> combine)
    {
        foreach (int distance in math.Distances)
        {
            value = combine(value, statements.Exchange(value, distance));
        }

        return value;
    }

    private void Scale(LLVMValueRef[] factors)
    {
        for (int i = 0; i < math.Outputs.Length; i++)
        {
            LLVMValueRef slot = math.Outputs[i];
            b.Builder.BuildStore(b.FMul(b.Builder.BuildLoad2(b.F32, slot), factors[math.OutputAt(i).Row]), slot);
        }
    }
}
