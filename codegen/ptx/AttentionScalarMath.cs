using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// Attention in f32 on CUDA cores. Of a warp 4 groups of 8 threads have 4 rows each; a thread has every eighth key and of each 32 columns 4 neighbours. Weights
/// pass through shared memory, rows of the warp alone.
/// </summary>
internal sealed class AttentionScalarMath : AttentionMath
{
    /// <summary>Threads that share rows.</summary>
    private const int Group = 8;

    /// <summary>Elements of a wide access.</summary>
    private const int Run = 4;

    private readonly PtxStatements statements;

    internal AttentionScalarMath(PtxStatements statements, PtxFrame frame, AttentionShape shape)
        : base(frame, shape, 4 * shape.PaddedColumns / Group)
    {
        this.statements = statements;
    }

    internal override int Rows => 4;

    internal override int Scores => Rows * KeysOfThread;

    internal override ReadOnlySpan<int> Distances => [1, 2, 4];

    private int KeysOfThread => Shape.KeysOfWarp / Group;

    private int ColumnsOfThread => Shape.PaddedColumns / Group;

    private LLVMValueRef InGroup => b.And(Lane, Group - 1);

    internal override LLVMValueRef Row(int i) => b.Add(Sum(WarpRow, b.ShiftLeft(b.Builder.BuildLShr(Lane, b.Constant(b.I32, 3L)), 2)), i);

    internal override (int Row, LLVMValueRef Key) ScoreAt(int i) => (i / KeysOfThread, b.Add(Sum(WarpKey, InGroup), i % KeysOfThread * Group));

    internal override (int Row, LLVMValueRef Column) OutputAt(int i)
    {
        int column = i % ColumnsOfThread;
        return (i / ColumnsOfThread, b.Add(b.ShiftLeft(InGroup, 2), (column / Run * Group * Run) + (column % Run)));
    }

    internal override LLVMValueRef[] Score(LLVMValueRef memory)
    {
        LLVMValueRef keys = Bytes(memory, Shape.KeysAt);
        LLVMValueRef[] slots = [.. Enumerable.Range(0, Scores).Select(_ => Frame.Alloca(b.F32))];
        foreach (LLVMValueRef slot in slots)
        {
            b.Builder.BuildStore(b.F32.Null, slot);
        }

        statements.Repeat(b.I32.Null, Shape.PaddedDepth, Run, k =>
        {
            LLVMValueRef[][] x = [.. Enumerable.Range(0, Rows).Select(i => Read(memory, Shape.DepthStride, Row(i), k))];
            for (int j = 0; j < KeysOfThread; j++)
            {
                LLVMValueRef[] y = Read(keys, Shape.DepthStride, ScoreAt(j).Key, k);
                for (int i = 0; i < Rows; i++)
                {
                    MultiplyAdd(slots[(i * KeysOfThread) + j], x[i], y);
                }
            }
        });
        return [.. slots.Select(s => b.Builder.BuildLoad2(b.F32, s))];
    }

    internal override void Add(LLVMValueRef[] weights, LLVMValueRef memory)
    {
        LLVMValueRef shared = Bytes(memory, Shape.WeightsAt);
        for (int i = 0; i < weights.Length; i++)
        {
            (int row, LLVMValueRef key) = ScoreAt(i);
            b.Builder.BuildStore(weights[i], Address(shared, Shape.WeightStride, Row(row), key)).SetAlignment(sizeof(float));
        }

        b.Call("llvm.nvvm.bar.warp.sync", [], b.Constant(b.I32, -1L));
        LLVMValueRef values = Bytes(memory, Shape.ValuesAt);
        statements.Repeat(b.I32.Null, Shape.KeysOfWarp, Run, k =>
        {
            LLVMValueRef key = Sum(WarpKey, k);
            LLVMValueRef[][] x = [.. Enumerable.Range(0, Rows).Select(i => Read(shared, Shape.WeightStride, Row(i), key))];
            for (int e = 0; e < Run; e++)
            {
                for (int column = 0; column < ColumnsOfThread; column += Run)
                {
                    LLVMValueRef[] y = Read(values, Shape.ColumnStride, b.Add(key, e), OutputAt(column).Column);
                    for (int i = 0; i < Rows; i++)
                    {
                        for (int c = 0; c < Run; c++)
                        {
                            MultiplyAdd(Outputs[(i * ColumnsOfThread) + column + c], [x[i][e]], [y[c]]);
                        }
                    }
                }
            }
        });
    }

    private void MultiplyAdd(LLVMValueRef slot, LLVMValueRef[] x, LLVMValueRef[] y)
    {
        LLVMValueRef sum = b.Builder.BuildLoad2(b.F32, slot);
        for (int i = 0; i < x.Length; i++)
        {
            sum = b.FAdd(sum, b.FMul(x[i], y[i]));
        }

        b.Builder.BuildStore(sum, slot);
    }

    /// <summary>Four neighbours of a line.</summary>
    private LLVMValueRef[] Read(LLVMValueRef piece, int stride, LLVMValueRef line, LLVMValueRef at)
    {
        LLVMValueRef run = b.Builder.BuildLoad2(LaneBuilder.Wide(b.F32, Run), Address(piece, stride, line, at));
        run.SetAlignment(Run * sizeof(float));
        return [.. Enumerable.Range(0, Run).Select(i => b.Builder.BuildExtractElement(run, b.Constant(b.I32, (long)i)))];
    }

    private LLVMValueRef Address(LLVMValueRef piece, int stride, LLVMValueRef line, LLVMValueRef at) =>
        b.Builder.BuildGEP2(b.F32, piece, Sum(b.Builder.BuildNSWMul(line, b.Constant(b.I32, (long)stride)), at));
}
