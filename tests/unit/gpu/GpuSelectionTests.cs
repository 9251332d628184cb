using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.Tests.Unit.Ops;
using Xunit;

namespace Dlc.Tests.Gpu;

/// <summary>Scatters, sorts and scans at sizes that take more than one block. Small ones run with the tests of their operators.</summary>
public sealed class GpuSelectionTests
{
    private static readonly bool[] Both = [true, false];

    [Theory]
    [InlineData(ScatterReduction.None, 3000, 40, 1)]
    [InlineData(ScatterReduction.Add, 2100, 1, 3)]
    [InlineData(ScatterReduction.Add, 40, 7, 300)]
    [InlineData(ScatterReduction.Add, 100, 2, 40)]
    [InlineData(ScatterReduction.None, 50, 4, 70)]
    [InlineData(ScatterReduction.Max, 500, 3, 33)]
    [InlineData(ScatterReduction.Min, 17, 60, 5)]
    [InlineData(ScatterReduction.Mul, 40, 100, 2)]
    public void Slices_scatter_in_order(ScatterReduction reduction, long updates, long rows, long width)
    {
        foreach (var isKnown in Both)
        {
            var m = new OpCheck { IndexWidths = Both };
            var w = isKnown ? $"{width}" : "w";
            m.Check(new ScatterND(reduction), m.Input($"r {w}", OpCheck.Random(rows, width)),
                m.Input("n 1", OpCheck.Integers(ElementType.Int64, -rows, rows, updates, 1)), m.Input($"n {w}", OpCheck.Random(updates, width)));
        }
    }

    [Theory]
    [InlineData(ScatterReduction.None, 0, 2500, 1)]
    [InlineData(ScatterReduction.Add, 0, 300, 4)]
    [InlineData(ScatterReduction.Add, 1, 20, 70)]
    [InlineData(ScatterReduction.Max, 1, 1100, 3)]
    [InlineData(ScatterReduction.None, 1, 0, 3)]
    public void Elements_scatter_in_order(ScatterReduction reduction, int axis, long rows, long columns)
    {
        var m = new OpCheck { IndexWidths = Both };
        var indices = OpCheck.Integers(ElementType.Int64, axis == 0 ? -5 : 0, axis == 0 ? 5 : columns, rows, columns);
        m.Check(new ScatterElements(axis, reduction), m.Input("a b", OpCheck.Random(Math.Max(rows, 5), columns)), m.Input("c b", indices),
            m.Input("c b", OpCheck.Random(rows, columns)));
    }

    [Theory]
    [InlineData(ElementType.Float32, "a n", 2, 70, 1, 70, true)]
    [InlineData(ElementType.Float32, "a 5000", 1, 5000, 1, 9, false)]
    [InlineData(ElementType.Float32, "a n b", 2, 2049, 2, 2049, true)]
    [InlineData(ElementType.Float16, "a 130 b", 2, 130, 3, 40, true)]
    [InlineData(ElementType.BFloat16, "a n", 1, 64, 1, 5, false)]
    [InlineData(ElementType.Int32, "a n", 1, 4100, 1, 2100, true)]
    [InlineData(ElementType.UInt8, "a n b", 2, 65, 2, 65, false)]
    [InlineData(ElementType.UInt32, "a 80", 1, 80, 1, 80, true)]
    [InlineData(ElementType.Int64, "a n", 2, 70, 1, 3, true)]
    [InlineData(ElementType.Float64, "a n", 0, 70, 1, 3, true)]
    [InlineData(ElementType.Float32, "a n", 3, 0, 1, 0, true)]
    public void The_best_come_first(ElementType element, string shape, long outer, long extent, long inner, long k, bool isLargest)
    {
        long[] dims = shape.EndsWith('b') ? [outer, extent, inner] : [outer, extent];
        var x = OpCheck.Integers(element, element is ElementType.UInt8 or ElementType.UInt32 ? 0 : -60, 60, dims);
        if (element.IsFloat() && x.Count > 3)
        {
            x.SetDouble(1, double.NaN);
            x.SetDouble(2, -0.0);
            x.SetDouble(3, double.NegativeInfinity);
        }
        else if (element == ElementType.UInt32)
        {
            x.SetLong(3, uint.MaxValue);
        }

        var m = new OpCheck { IndexWidths = Both };
        m.Check(new TopK(m.Dims.Const(k), 1, isLargest), m.Input(shape, x));
    }

    [Theory]
    [InlineData(ElementType.Float32, 2, 5000, false, false)]
    [InlineData(ElementType.Float16, 3, 70, true, true)]
    [InlineData(ElementType.Int64, 1, 2049, true, false)]
    [InlineData(ElementType.Float64, 0, 40, false, true)]
    [InlineData(ElementType.Int32, 2, 0, false, true)]
    [InlineData(ElementType.Int32, 9000, 33, false, true)]
    public void Running_sums_of_lines(ElementType element, long lines, long extent, bool isExclusive, bool isReverse)
    {
        var x = OpCheck.Integers(element, -2, 3, lines, extent);
        var m = new OpCheck { IndexWidths = Both };
        m.Check(new Cumulate(ReduceKind.Sum, 1, isExclusive, isReverse), m.Input("a n", x));
        m = new OpCheck();
        m.Check(new Cumulate(ReduceKind.Prod, 1, isExclusive, isReverse), m.Input("a n", OpCheck.Integers(element, -1, 2, Math.Min(lines, 3), extent)));
    }

    [Fact]
    public void An_index_out_of_range_is_told_and_touches_nothing()
    {
        foreach (var updates in new[] { 3L, 30 })
        {
            var m = new OpCheck();
            var indices = OpCheck.Integers(ElementType.Int64, 0, 4, updates, 1);
            indices.SetLong(1, 4);
            var error = Assert.Throws<DlcException>(() => m.RunAsPtx(new ScatterND(ScatterReduction.Add), m.Input("4 2", OpCheck.Random(4, 2)),
                m.Input("n 1", indices), m.Input("n 2", OpCheck.Random(updates, 2))));
            Assert.Contains("an index of ScatterND is out of range", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Updates_add_up_to_the_same_bits_whatever_else_is_there()
    {
        // The same updates to one row, alone and between those of other rows: their order and parts do not change.
        var updates = OpCheck.Random(100, 4);
        float[] Sum(long stride)
        {
            var m = new OpCheck();
            var (indices, values) = (new Tensor(ElementType.Int64, 100 * stride, 1), new Tensor(ElementType.Float32, 100 * stride, 4));
            for (var i = 0L; i < 100 * stride; i++)
            {
                indices.SetLong(i, i % stride);
                for (var w = 0L; w < 4; w++)
                {
                    values.SetDouble((i * 4) + w, updates.GetDouble((i / stride * 4) + w));
                }
            }

            return m.RunAsPtx(new ScatterND(ScatterReduction.Add), m.Input("r w", new Tensor(ElementType.Float32, 5, 4)),
                m.Input("n 1", indices), m.Input("n w", values))[0].Span<float>()[..4].ToArray();
        }

        Assert.Equal(Sum(1), Sum(5));
    }
}
