using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Finds the distinct rows of <c>x [n, w]</c>, in ascending lexicographic order or else in order of first appearance. Four i64 outputs: the
/// number of distinct rows (a scalar); and, of [n] each, where each distinct row first appears, which distinct row each row equals, and how often
/// each distinct row appears (the first and last of these are 0 past the number). What ONNX Unique is made of. NaN equals itself here and is greater than all.
/// </summary>
public sealed record UniqueRows(bool IsSorted) : Op, ILoops
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        c.ExpectRank(0, 2);
        var n = c.Input(0).Shape[0];
        c.Output(ElementType.Int64, []);
        for (var i = 0; i < 3; i++)
        {
            c.Output(ElementType.Int64, [n]);
        }
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, count, first, inverse, counts) = (c.Input(0), c.NewOutput(0), c.NewOutput(1), c.NewOutput(2), c.NewOutput(3));
        var (n, width) = (x.Dims[0], x.Dims[1]);
        var distinct = new List<long>();
        for (var row = 0L; row < n; row++)
        {
            if (!distinct.Exists(other => Compare(x, width, other, row) == 0))
            {
                distinct.Add(row);
            }
        }

        if (IsSorted)
        {
            distinct.Sort((a, b) => Compare(x, width, a, b));
        }

        count.SetLong(0, distinct.Count);
        for (var i = 0; i < distinct.Count; i++)
        {
            first.SetLong(i, distinct[i]);
        }

        for (var row = 0L; row < n; row++)
        {
            var group = distinct.FindIndex(other => Compare(x, width, other, row) == 0);
            inverse.SetLong(row, group);
            counts.SetLong(group, counts.GetLong(group) + 1);
        }
    }

    public void Lower(LoopContext c)
    {
        var (rows, width) = (c.InputType(0).Shape[0], c.InputType(0).Shape[1]);
        var (n, zero) = (ExprFactory.Dim(rows), ExprFactory.Int(0));
        var k = c.NewKernel("unique");
        var x = c.Input(k, 0);
        var (count, first, inverse, counts) = (c.Output(k, 0), c.Output(k, 1), c.Output(k, 2), c.Output(k, 3));
        k.Parallel(c.Dims.One, _ =>
        {
            var sorted = k.Scratch("sorted", ElementType.Int64, rows);
            var leader = k.Scratch("leader", ElementType.Int64, rows);
            var heap = new HeapSelect(k, sorted, (a, b) =>
            {
                var order = Compare(k, x, width, a, b);
                return ExprFactory.Or(ExprFactory.Less(order, zero),
                    ExprFactory.And(ExprFactory.Equal(order, zero), ExprFactory.Less(a, b)));
            });
            heap.Start(n);
            heap.Sort(n);

            // Equal rows are neighbours now, the earliest first: it leads its group.
            var head = k.Declare(zero, "head");
            var groups = k.Declare(zero, "groups");
            k.Serial(n, i =>
            {
                var row = k.Let(heap.Id(i));
                k.If(ExprFactory.Equal(i, zero), () => k.Assign(head, row), () => k.If(
                    ExprFactory.Less(Compare(k, x, width, ExprFactory.Read(head), row), zero), () => k.Assign(head, row)));
                k.Store(leader, row, ExprFactory.Read(head));
                k.Store(first, i, zero);
                k.Store(counts, i, zero);
            });

            // A leader takes the next number, in sorted order or in order of appearance; the others then look it up.
            k.Serial(n, i =>
            {
                var row = k.Let(IsSorted ? heap.Id(i) : i);
                k.If(ExprFactory.Equal(ExprFactory.Load(leader, row), row), () =>
                {
                    k.Store(first, ExprFactory.Read(groups), row);
                    k.Store(inverse, row, ExprFactory.Read(groups));
                    k.Assign(groups, ExprFactory.Read(groups) + 1);
                });
            });
            k.Serial(n, row =>
            {
                var group = k.Let(ExprFactory.Load(inverse, ExprFactory.Load(leader, row)));
                k.Store(inverse, row, group);
                k.Store(counts, group, ExprFactory.Load(counts, group) + 1);
            });
            k.Store(count, zero, ExprFactory.Read(groups));
        });
        c.Launch(k, rows * (width + 16));
    }

    /// <summary>Compares two rows: -1, 0 or 1 as an i64 variable.</summary>
    private static Expr Compare(KernelBuilder k, KernelBuffer x, Dim width, Expr a, Expr b)
    {
        var order = k.Declare(ExprFactory.Int(0), "order");
        var column = k.Declare(ExprFactory.Int(0), "column");
        var w = ExprFactory.Dim(width);
        k.While(ExprFactory.Less(ExprFactory.Read(column), w), () =>
        {
            var left = k.Let(ExprFactory.Load(x, (a * w) + ExprFactory.Read(column)));
            var right = k.Let(ExprFactory.Load(x, (b * w) + ExprFactory.Read(column)));
            if (left.Type == ElementType.Bool)
            {
                (left, right) = (ExprFactory.Cast(ElementType.Int64, left), ExprFactory.Cast(ElementType.Int64, right));
            }

            var (less, greater) = (ExprFactory.Less(left, right), ExprFactory.Less(right, left));
            if (left.Type.IsFloat())
            {
                var (nanLeft, nanRight) = (ExprFactory.Unary(UnaryOp.IsNaN, left), ExprFactory.Unary(UnaryOp.IsNaN, right));
                less = ExprFactory.Or(less, ExprFactory.And(nanRight, ExprFactory.Not(nanLeft)));
                greater = ExprFactory.Or(greater, ExprFactory.And(nanLeft, ExprFactory.Not(nanRight)));
            }

            k.Assign(order, ExprFactory.Select(less, ExprFactory.Int(-1), ExprFactory.Select(greater, ExprFactory.Int(1), ExprFactory.Int(0))));
            k.Assign(column, ExprFactory.Select(ExprFactory.Equal(ExprFactory.Read(order), ExprFactory.Int(0)),
                ExprFactory.Read(column) + 1, w));
        });
        return ExprFactory.Read(order);
    }

    private static int Compare(Tensor x, long width, long a, long b)
    {
        for (var column = 0L; column < width; column++)
        {
            var (i, j) = ((a * width) + column, (b * width) + column);
            var order = x.Element == ElementType.UInt64 ? ((ulong)x.GetLong(i)).CompareTo((ulong)x.GetLong(j))
                : x.Element.IsFloat() ? x.GetDouble(i).CompareTo(x.GetDouble(j)) : x.GetLong(i).CompareTo(x.GetLong(j));
            if (x.Element.IsFloat() && (double.IsNaN(x.GetDouble(i)) || double.IsNaN(x.GetDouble(j))))
            {
                order = -order;
            }

            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }
}
