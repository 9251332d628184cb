using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// The index along <paramref name="Axis"/> of the greatest element (least with <paramref name="IsMin"/>), as i64; the axis stays with extent 1.
/// Of equal elements the first wins, or the last with <paramref name="SelectsLast"/>; NaN wins over all. An empty line gives 0.
/// ONNX ArgMax and ArgMin.
/// </summary>
public sealed record ArgReduce(int Axis, bool IsMin, bool SelectsLast) : Op, ILoops
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        var x = c.Input(0);
        c.ExpectElement(0, t => t != ElementType.Bool, "a tensor of numbers");
        if (Axis < 0 || Axis >= x.Rank)
        {
            throw c.Error($"expects an axis of {x}, found {Axis}");
        }

        c.Output(ElementType.Int64, x.Shape.With(Axis, c.Dims.One));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, output) = (c.Input(0), c.NewOutput());
        var (extent, inner) = (x.Dims[Axis], RowMajor.Count(x.Dims.AsSpan(Axis + 1)));
        for (var o = 0L; o < output.Count; o++)
        {
            var (start, best) = ((o / inner * extent * inner) + (o % inner), 0L);
            for (var i = 1L; i < extent; i++)
            {
                var order = Compare(x, start + (i * inner), start + (best * inner));
                best = order > 0 || (order == 0 && SelectsLast) ? i : best;
            }

            output.SetLong(o, best);
        }
    }

    public void Lower(LoopContext c)
    {
        var type = c.InputType(0);
        var (outer, extent, inner) = LineLoops.Split(type.Shape, Axis, c.Dims);
        var k = c.NewKernel(IsMin ? "argmin" : "argmax");
        var (x, y) = (c.Input(k, 0), c.Output(k, 0));
        var kind = IsMin ? ReduceKind.Min : ReduceKind.Max;
        var (zero, end) = (ExprFactory.Int(0), ExprFactory.Dim(extent));
        if (c.Machine.Gpu is not null && inner.Is(1))
        {
            k.ThreadsPerItem = GpuModel.ThreadsOfRow(extent);
        }

        LineLoops.ForEachLineOfVector(c, k, outer, inner, (o, n) =>
        {
            // First the extreme value, then its first or last place: two passes without a dependence between lanes.
            var start = (o * ExprFactory.Dim(extent * inner)) + n;
            var best = k.Declare(kind.Neutral(type.Element), "best");
            var at = k.Declare(SelectsLast ? ExprFactory.Int(-1) : end, "at");
            void Value(Expr i) => k.Assign(best, ExprFactory.Binary(kind.Operator(), ExprFactory.Read(best), Load(i)));
            Expr Load(Expr i) => ExprFactory.Load(x, start + (i * ExprFactory.Dim(inner)));
            void Place(Expr i)
            {
                var value = Load(i);
                var wins = ExprFactory.Or(ExprFactory.Equal(value, ExprFactory.Read(best)), ExprFactory.Unary(UnaryOp.IsNaN, value));
                var place = ExprFactory.Select(wins, i, SelectsLast ? ExprFactory.Int(-1) : end);
                k.Assign(at, SelectsLast ? ExprFactory.Max(ExprFactory.Read(at), place) : ExprFactory.Min(ExprFactory.Read(at), place));
            }

            if (inner.Is(1))
            {
                k.Vector(end, Value, new Reduction(best, kind.Operator()));
                k.Vector(end, Place, new Reduction(at, SelectsLast ? BinaryOp.Max : BinaryOp.Min));
            }
            else
            {
                k.Serial(end, Value);
                k.Serial(end, Place);
            }

            var found = ExprFactory.Max(ExprFactory.Min(ExprFactory.Read(at), end - 1), zero);
            k.Store(y, (o * ExprFactory.Dim(inner)) + n, found);
        });
        c.Launch(k, extent * 2);
    }

    /// <summary>Positive where <paramref name="i"/> is better.</summary>
    private int Compare(Tensor x, long i, long best)
    {
        if (!x.Element.IsFloat())
        {
            var (n, m) = (x.GetLong(i), x.GetLong(best));
            return (x.Element == ElementType.UInt64 ? ((ulong)n).CompareTo((ulong)m) : n.CompareTo(m)) * (IsMin ? -1 : 1);
        }

        var (a, b) = (x.GetDouble(i), x.GetDouble(best));
        return double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b)) : a.CompareTo(b) * (IsMin ? -1 : 1);
    }
}
