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

    private readonly TensorCores cores;

    internal AttentionTensorMath(PtxFrame frame, AttentionShape shape, TensorCores cores)
        : base(frame, shape, shape.PaddedColumns / FragmentKeys * 4)
    {
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
        var layout = new PieceLayout(Shape.Rows, Shape.DepthStride, false);
        var lines = new PieceLayout(Shape.Keys, Shape.DepthStride, false);
        LLVMValueRef keys = Bytes(memory, Shape.KeysAt);
        LLVMValueRef[][] sums = [.. Enumerable.Range(0, Scores / 4).Select(_ => Enumerable.Repeat(b.F32.Null, 4).ToArray())];
        for (int k = 0; k < Shape.PaddedDepth; k += cores.Depth)
        {
            LLVMValueRef[] x = cores.IsTf32
                ? cores.ReadWords(layout, memory, (_, e) => (b.Add(Row(0), e % 2 * 8), b.Add(b.And(Lane, 3), k + (e / 2 * 4))), 4)
                : cores.ReadMatrices(Address(layout, memory, Sum(Sum(WarpRow, Low), InMatrix), b.Add(High, k)), false);
            for (int j = 0; j < sums.Length; j += 2)
            {
                LLVMValueRef first = b.Add(WarpKey, j * FragmentKeys);
                int count = Math.Min(2, sums.Length - j);
                LLVMValueRef[] y = cores.IsTf32
                    ? cores.ReadWords(lines, keys, (_, e) => (b.Add(Sum(first, Quarter), e / 2 * FragmentKeys), b.Add(b.And(Lane, 3), k + (e % 2 * 4))), 2 * count)
                    : cores.ReadMatrices(Address(lines, keys, Sum(Sum(first, High), InMatrix), b.Add(Low, k)), false);
                for (int i = 0; i < count; i++)
                {
                    cores.Multiply(x, y.AsSpan(2 * i, 2), sums[j + i]);
                }
            }
        }

        return [.. sums.SelectMany(s => s)];
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
                    Span<LLVMValueRef> slots = Outputs.AsSpan((j + i) * 4, 4);
                    LLVMValueRef[] sums = [b.Builder.BuildLoad2(b.F32, slots[0]), b.Builder.BuildLoad2(b.F32, slots[1]),
                        b.Builder.BuildLoad2(b.F32, slots[2]), b.Builder.BuildLoad2(b.F32, slots[3])];
                    cores.Multiply(x, y.AsSpan(2 * i, 2), sums);
                    for (int e = 0; e < 4; e++)
                    {
                        b.Builder.BuildStore(sums[e], slots[e]);
                    }
                }
            }
        }
    }

    /// <summary>Two weights in one register, rounded to halves; the first is the lower one.</summary>
    private LLVMValueRef Packed(LLVMValueRef low, LLVMValueRef high) =>
        b.Call(Shape.Stored == ElementType.Float16 ? "llvm.nvvm.ff2f16x2.rn" : "llvm.nvvm.ff2bf16x2.rn", [], high, low);

    private LLVMValueRef Address(PieceLayout layout, LLVMValueRef piece, LLVMValueRef row, LLVMValueRef column) =>
        layout.Address(b, piece, row, column, Shape.Stored);
}
