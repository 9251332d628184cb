using Dlc.Codegen.Llvm;
using Dlc.IR;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// Attention on tensor cores. Threads hold scores as <c>mma</c> leaves them: rows t/4 and t/4 + 8, of each 8 keys the pair 2(t%4). For halves that is how the
/// second product takes its left operand; for words of tf32 it is once the keys are counted in another order, which a sum allows.
/// </summary>
internal sealed class AttentionTensorMath : AttentionMath
{
    private const int FragmentKeys = TileState.FragmentColumns;

    /// <summary>Steps of the depth that are written out; with more, too many operands wait in registers.</summary>
    private const int StepsTogether = 4;

    private readonly PtxStatements statements;
    private readonly TensorCores cores;

    internal AttentionTensorMath(PtxStatements statements, PtxFrame frame, AttentionShape shape, TensorCores cores)
        : base(frame, shape, shape.PaddedColumns / FragmentKeys * 4)
    {
        this.statements = statements;
        this.cores = cores;
    }

    internal override int Rows => 2;

    internal override int Scores => Shape.KeysOfWarp / FragmentKeys * 4;

    internal override ReadOnlySpan<int> Distances => [1, 2];

    private LLVMValueRef Quarter => b.Builder.BuildLShr(Lane, b.Constant(b.I32, 2L));

    private LLVMValueRef Pair => b.ShiftLeft(b.And(Lane, 3), 1);

    private LLVMValueRef InMatrix => b.And(Lane, 7);

    private LLVMValueRef Low => b.ShiftLeft(b.And(b.Builder.BuildLShr(Lane, b.Constant(b.I32, 3L)), 1), 3);

    private LLVMValueRef High => b.ShiftLeft(b.Builder.BuildLShr(Lane, b.Constant(b.I32, 4L)), 3);

    internal override LLVMValueRef Row(int i) => b.Add(Sum(WarpRow, Quarter), i * 8);

    internal override (int Row, LLVMValueRef Key) ScoreAt(int i) => (i % 4 / 2, b.Add(Sum(WarpKey, Pair), (i / 4 * FragmentKeys) + (i % 2)));

    internal override (int Row, LLVMValueRef Column) OutputAt(int i) => (i % 4 / 2, b.Add(Pair, (i / 4 * FragmentKeys) + (i % 2)));

    internal override LLVMValueRef[] Score(LLVMValueRef memory)
    {
        int step = StepsTogether * cores.Depth;
        if (Shape.PaddedDepth % step != 0)
        {
            step = Shape.PaddedDepth;
        }

        LLVMValueRef[] slots = [.. Enumerable.Range(0, Scores).Select(_ => Frame.Alloca(b.F32))];
        foreach (LLVMValueRef slot in slots)
        {
            b.Builder.BuildStore(b.F32.Null, slot);
        }

        statements.Repeat(b.I32.Null, Shape.PaddedDepth, step, first =>
        {
            for (int k = 0; k < step; k += cores.Depth)
            {
                AddProducts(slots, memory, b.Add(first, k));
            }
        });
        return [.. slots.Select(s => b.Builder.BuildLoad2(b.F32, s))];
    }

    /// <summary>Adds what one step of the depth gives to the scores.</summary>
    private void AddProducts(LLVMValueRef[] slots, LLVMValueRef memory, LLVMValueRef k)
    {
        var layout = new PieceLayout(Shape.Rows, Shape.DepthStride, false);
        var lines = new PieceLayout(Shape.Keys, Shape.DepthStride, false);
        LLVMValueRef keys = Bytes(memory, Shape.KeysAt);
        LLVMValueRef own = Sum(b.And(Lane, 3), k);
        LLVMValueRef[] x = cores.IsTf32
            ? cores.ReadWords(layout, memory, (_, e) => (b.Add(Row(0), e % 2 * 8), b.Add(own, e / 2 * 4)), 4)
            : cores.ReadMatrices(Address(layout, memory, Sum(Sum(WarpRow, Low), InMatrix), Sum(High, k)), false);
        for (int j = 0; j < slots.Length / 4; j += 2)
        {
            LLVMValueRef first = b.Add(WarpKey, j * FragmentKeys);
            int count = Math.Min(2, (slots.Length / 4) - j);
            LLVMValueRef[] y = cores.IsTf32
                ? cores.ReadWords(lines, keys, (_, e) => (b.Add(Sum(first, Quarter), e / 2 * FragmentKeys), b.Add(own, e % 2 * 4)), 2 * count)
                : cores.ReadMatrices(Address(lines, keys, Sum(Sum(first, High), InMatrix), Sum(Low, k)), false);
            for (int i = 0; i < count; i++)
            {
                MultiplyInto(slots.AsSpan((j + i) * 4, 4), x, y.AsSpan(2 * i, 2));
            }
        }
    }

    internal override void Add(LLVMValueRef[] weights, LLVMValueRef memory)
    {
        var lines = new PieceLayout(Shape.Keys, Shape.ColumnStride, false);
        LLVMValueRef values = Bytes(memory, Shape.ValuesAt);
        for (int k = 0; k < Shape.KeysOfWarp; k += cores.Depth)
        {
            int score = k / FragmentKeys * 4;
            LLVMValueRef[] x = cores.IsTf32
                ? [.. new[] { 0, 2, 1, 3 }.Select(e => b.Call("llvm.nvvm.f2tf32.rna", [], weights[score + e]))]
                : [.. Enumerable.Range(0, 4).Select(e => Packed(weights[score + (2 * e)], weights[score + (2 * e) + 1]))];
            LLVMValueRef first = b.Add(WarpKey, k);
            for (int j = 0; j < Outputs.Length / 4; j += 2)
            {
                int column = j * FragmentKeys;
                int count = Math.Min(2, (Outputs.Length / 4) - j);
                LLVMValueRef[] y = cores.IsTf32
                    ? cores.ReadWords(lines, values, (_, e) => (b.Add(Sum(first, Pair), e % 2), b.Add(Quarter, column + (e / 2 * FragmentKeys))), 2 * count)
                    : cores.ReadMatrices(Address(lines, values, Sum(Sum(first, Low), InMatrix), b.Add(High, column)), true);
                for (int i = 0; i < count; i++)
                {
                    MultiplyInto(Outputs.AsSpan((j + i) * 4, 4), x, y.AsSpan(2 * i, 2));
                }
            }
        }
    }

    private void MultiplyInto(ReadOnlySpan<LLVMValueRef> slots, LLVMValueRef[] x, ReadOnlySpan<LLVMValueRef> y)
    {
        LLVMValueRef[] sums = new LLVMValueRef[4];
        for (int e = 0; e < 4; e++)
        {
            sums[e] = b.Builder.BuildLoad2(b.F32, slots[e]);
        }

        cores.Multiply(x, y, sums);
        for (int e = 0; e < 4; e++)
        {
            b.Builder.BuildStore(sums[e], slots[e]);
        }
    }

    /// <summary>Two weights in one register, rounded to halves; the first is the lower one.</summary>
    private LLVMValueRef Packed(LLVMValueRef low, LLVMValueRef high) =>
        b.Call(Shape.Stored == ElementType.Float16 ? "llvm.nvvm.ff2f16x2.rn" : "llvm.nvvm.ff2bf16x2.rn", [], high, low);

    private LLVMValueRef Address(PieceLayout layout, LLVMValueRef piece, LLVMValueRef row, LLVMValueRef column) =>
        layout.Address(b, piece, row, column, Shape.Stored);
}
