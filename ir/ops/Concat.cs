using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Puts tensors one after the other along an axis (ONNX Concat).</summary>
public sealed record Concat(int Axis) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        if (c.InputCount == 0)
        {
            throw c.Error("expects at least one input");
        }

        var element = c.ExpectSameElement();
        var first = c.Input(0);
        if (Axis < 0 || Axis >= first.Rank)
        {
            throw c.Error($"expects an axis of {first}, found {Axis}");
        }

        var extent = c.Dims.Zero;
        for (var i = 0; i < c.InputCount; i++)
        {
            c.ExpectRank(i, first.Rank);
            extent += c.Input(i).Shape[Axis];
            for (var axis = 0; axis < first.Rank; axis++)
            {
                if (axis != Axis)
                {
                    c.RequireEqual(first.Shape[axis], c.Input(i).Shape[axis], $"axis {axis} of inputs 0 and {i}");
                }
            }
        }

        c.Output(element, first.Shape.With(Axis, extent));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var output = c.NewOutput();
        var start = 0L;
        for (var n = 0; n < c.InputCount; n++)
        {
            var input = c.Input(n);
            for (var i = 0L; i < input.Count; i++)
            {
                var index = RowMajor.Index(i, input.Dims);
                index[Axis] += start;
                output.CopyElement(RowMajor.Position(index, output.Dims), input, i);
            }

            start += input.Dims[Axis];
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var start = c.OutputType.Shape[Axis];
        Expr? value = null;
        for (var i = c.InputCount - 1; i >= 0; i--)
        {
            var end = start;
            start -= c.InputType(i).Shape[Axis];
            if (ReferenceEquals(start, end))
            {
                continue;
            }

            var (input, from) = (i, start);
            Expr Read()
            {
                var source = (Expr[])index.Clone();
                source[Axis] = index[Axis] - c.Dim(from);
                return c.Input(input, source);
            }

            var isFirst = from.Is(0);
            var isLast = ReferenceEquals(end, c.OutputType.Shape[Axis]);
            var after = isFirst ? ExprFactory.Bool(true) : ExprFactory.LessOrEqual(c.Dim(from), index[Axis]);
            var before = isLast ? ExprFactory.Bool(true) : ExprFactory.Less(index[Axis], c.Dim(end));
            value = isFirst && isLast
                ? Read()
                : c.Guarded(ExprFactory.And(after, before), Read, value ?? ExprFactory.Literal(0, c.OutputType.Element));
        }

        return value ?? ExprFactory.Literal(0, c.OutputType.Element);
    }

    public override void Differentiate(DifferentiateContext c)
    {
        var start = c.Dims.Zero;
        for (var i = 0; i < c.InputCount; i++)
        {
            var (from, size) = (start, c.Input(i).Type.Shape[Axis]);
            c.Give(i, () => c.Sliced(c.Gradient(), Axis, from, size));
            start += size;
        }
    }
}
