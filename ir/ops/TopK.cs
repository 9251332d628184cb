using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// The <paramref name="K"/> greatest (or least) elements along an axis, best first, and their i64 indices; of equal elements the one with the
/// lower index comes first. NaN counts as greater than all. Two outputs: values, indices. ONNX TopK.
/// </summary>
public sealed record TopK(Dim K, int Axis, bool IsLargest) : Op, ILoops
{
    /// <summary>Elements that are passed over at once.</summary>
    private const long Block = 64;

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        var x = c.Input(0);
        c.ExpectElement(0, t => t != ElementType.Bool, "a tensor of numbers");
        if (Axis < 0 || Axis >= x.Rank)
        {
            throw c.Error($"expects an axis of {x}, found {Axis}");
        }

        c.Require(K, Relation.LessOrEqual, x.Shape[Axis], "K");
        c.Require(c.Dims.Zero, Relation.LessOrEqual, K, "K");
        var shape = x.Shape.With(Axis, K);
        c.Output(x.Element, shape);
        c.Output(ElementType.Int64, shape);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, values, indices) = (c.Input(0), c.NewOutput(0), c.NewOutput(1));
        var (extent, inner, k) = (x.Dims[Axis], RowMajor.Count(x.Dims.AsSpan(Axis + 1)), c.Dim(K));
        for (var line = 0L; k > 0 && line < values.Count / k; line++)
        {
            var (o, n) = (line / inner, line % inner);
            var order = Enumerable.Range(0, (int)extent).ToArray();
            Array.Sort(order, (a, b) => Compare((((o * extent) + a) * inner) + n, (((o * extent) + b) * inner) + n) is var r && r != 0
                ? r : a.CompareTo(b));
            for (var i = 0L; i < k; i++)
            {
                var to = (((o * k) + i) * inner) + n;
                values.CopyElement(to, x, (((o * extent) + order[i]) * inner) + n);
                indices.SetLong(to, order[i]);
            }
        }

        int Compare(long a, long b)
        {
            var order = x.Element == ElementType.UInt64 ? ((ulong)x.GetLong(a)).CompareTo((ulong)x.GetLong(b))
                : x.Element.IsFloat() ? x.GetDouble(a).CompareTo(x.GetDouble(b)) : x.GetLong(a).CompareTo(x.GetLong(b));

            // CompareTo puts NaN before all numbers; here it comes after them.
            if (x.Element.IsFloat() && (double.IsNaN(x.GetDouble(a)) || double.IsNaN(x.GetDouble(b))))
            {
                order = -order;
            }

            return IsLargest ? -order : order;
        }
    }

    public void Lower(LoopContext c)
    {
        var shape = c.InputType(0).Shape;
        var (outer, extent, inner) = LineLoops.Split(shape, Axis, c.Dims);
        if (c.Machine.Gpu is not null && c.InputType(0).Element.Bytes() <= sizeof(int))
        {
            LowerToSort(c, outer, extent, inner);
            return;
        }

        var k = c.NewKernel("top_k");
        var (x, values, indices) = (c.Input(k, 0), c.Output(k, 0), c.Output(k, 1));
        var count = ExprFactory.Dim(K);
        LineLoops.ForEachLine(c, k, outer, inner, (o, n) =>
        {
            var ids = k.Scratch("ids", ElementType.Int64, K);
            var heap = new HeapSelect(k, ids, (a, b) => Before(k, k.Let(Value(a)), k.Let(Value(b)), a, b));
            k.If(ExprFactory.Less(ExprFactory.Int(0), count), () =>
            {
                heap.Start(count);
                if (inner.Is(1))
                {
                    OfferBlocks(k, heap, Value, count, extent);
                }
                else
                {
                    k.Serial(count, ExprFactory.Dim(extent), i => heap.Offer(i, count));
                }

                heap.Sort(count);
            });
            k.Serial(count, i =>
            {
                var id = k.Let(heap.Id(i));
                var to = (((o * count) + i) * ExprFactory.Dim(inner)) + n;
                k.Store(values, to, Value(id));
                k.Store(indices, to, id);
            });
            Expr Value(Expr i) => ExprFactory.Load(x, (((o * ExprFactory.Dim(extent)) + i) * ExprFactory.Dim(inner)) + n);
        });
        c.Launch(k, extent * 8);
    }

    /// <summary>
    /// On a GPU: an element and its index make one key, so that no two are equal. Keys of short lines are counted: how many come before each; others sorted.
    /// </summary>
    private void LowerToSort(LoopContext c, Dim outer, Dim extent, Dim inner)
    {
        const long shortLine = 64;
        var element = c.InputType(0).Element;
        var lines = outer * inner;
        var isShort = c.Dims.Const(shortLine).FloorDiv(extent.Max(1)).Min(1);
        (Func<Expr, Expr, Expr> Key, Action<Expr, Expr, Expr> Take) Parameters(KernelBuilder k)
        {
            var (x, values, indices) = (c.Input(k, 0), c.Output(k, 0), c.Output(k, 1));
            Expr Place(Expr line, Expr count, Expr i)
            {
                var (o, n) = inner.Is(1) ? (line, ExprFactory.Int(0)) : c.Math.DivMod(line, inner);
                return k.Let((((o * count) + i) * ExprFactory.Dim(inner)) + n);
            }

            return ((line, i) => k.Let((Rank(k, ExprFactory.Load(x, Place(line, ExprFactory.Dim(extent), i))) * (1L << 32)) + i, "key"), (line, place, key) =>
            {
                var id = k.Let(ExprFactory.Binary(BinaryOp.And, key, ExprFactory.Int(uint.MaxValue)), "id");
                var to = Place(line, ExprFactory.Dim(K), place);
                k.Store(values, to, k.Let(ExprFactory.Load(x, Place(line, ExprFactory.Dim(extent), id))));
                k.Store(indices, to, id);
            });
        }

        if (!isShort.Is(0))
        {
            var k = c.NewKernel("top_k");
            var (key, take) = Parameters(k);
            k.Parallel(lines * extent * isShort, item =>
            {
                var (line, position) = c.Math.DivMod(item, extent);
                (line, position) = (k.LetWithin(line, lines), k.LetWithin(position, extent));
                var own = key(line, position);
                var before = k.Declare(ExprFactory.Int(0), "before");
                k.Serial(ExprFactory.Dim(extent), i =>
                    k.Assign(before, ExprFactory.Read(before) + ExprFactory.Cast(ElementType.Int64, ExprFactory.Less(key(line, i), own))));
                k.If(ExprFactory.Less(ExprFactory.Read(before), ExprFactory.Dim(K)), () => take(line, k.Let(ExprFactory.Read(before)), own));
            });
            c.Launch(k, extent * 4);
        }

        if (!isShort.Is(1))
        {
            new BlockSort(c, lines, extent) { When = 1 - isShort, Wanted = K }.Run("top_k", k =>
            {
                var (key, take) = Parameters(k);
                return ((_, line, i) => key(line, i), (_, line, place, id) => take(line, place, id));
            });
        }

        // A number between -2^31 and 2^31 that is less for elements that come before others.
        Expr Rank(KernelBuilder k, Expr value)
        {
            Expr rank;
            if (element.IsFloat())
            {
                value = k.Let(ExprFactory.Cast(ElementType.Float32, value));
                var bits = k.Let(ExprFactory.Cast(ElementType.Int64, new BitcastExpr(ElementType.Int32, value)));
                rank = ExprFactory.Select(ExprFactory.Less(bits, ExprFactory.Int(0)), ExprFactory.Int(int.MinValue) - bits, bits);
                rank = ExprFactory.Select(ExprFactory.Unary(UnaryOp.IsNaN, value), ExprFactory.Int(int.MaxValue), rank);
            }
            else
            {
                rank = ExprFactory.Cast(ElementType.Int64, value);
                rank = element == ElementType.UInt32 ? rank + int.MinValue : rank;
            }

            return k.Let(IsLargest ? ExprFactory.Int(-1) - rank : rank, "rank");
        }
    }

    /// <summary>
    /// Offers the elements after the first K to the heap. Most come too late: a block whose best is no better than the heap's worst is passed over
    /// by a vector loop.
    /// </summary>
    private void OfferBlocks(KernelBuilder k, HeapSelect heap, Func<Expr, Expr> value, Expr count, Dim extent)
    {
        var kind = IsLargest ? ReduceKind.Max : ReduceKind.Min;
        var start = k.Declare(count, "start");
        k.While(ExprFactory.Less(ExprFactory.Read(start), ExprFactory.Dim(extent)), () =>
        {
            var from = k.Let(ExprFactory.Read(start));
            var end = k.Let(ExprFactory.Min(from + Block, ExprFactory.Dim(extent)));
            var worst = k.Let(value(heap.Id(ExprFactory.Int(0))));
            var best = k.Declare(worst, "best");
            k.Vector(end - from, lane => k.Assign(best, ExprFactory.Binary(kind.Operator(), ExprFactory.Read(best), value(from + lane))),
                new Reduction(best, kind.Operator()));

            // NaN is unequal to everything: such a block is looked at.
            k.If(ExprFactory.Not(ExprFactory.Equal(ExprFactory.Read(best), worst)),
                () => k.Serial(from, end, i => heap.Offer(i, count)));
            k.Assign(start, end);
        });
    }

    private Expr Before(KernelBuilder k, Expr a, Expr b, Expr i, Expr j)
    {
        var precedes = IsLargest ? ExprFactory.Less(b, a) : ExprFactory.Less(a, b);
        var equal = ExprFactory.Equal(a, b);
        if (a.Type.IsFloat())
        {
            var (nanA, nanB) = (k.Let(ExprFactory.Unary(UnaryOp.IsNaN, a)), k.Let(ExprFactory.Unary(UnaryOp.IsNaN, b)));
            var (first, second) = IsLargest ? (nanA, nanB) : (nanB, nanA);
            precedes = ExprFactory.Or(precedes, ExprFactory.And(first, ExprFactory.Not(second)));
            equal = ExprFactory.Or(equal, ExprFactory.And(nanA, nanB));
        }

        return ExprFactory.Or(precedes, ExprFactory.And(equal, ExprFactory.Less(i, j)));
    }

    public override void Differentiate(DifferentiateContext c)
    {
        if (c.HasGradient(0))
        {
            c.Give(0, () => c.Emit(new ScatterElements(Axis, ScatterReduction.None), c.Zeros(c.Input(0).Type), c.Output(1), c.Gradient()));
        }
    }
}
