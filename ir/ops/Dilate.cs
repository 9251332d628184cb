using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Puts <c>Factors[a] - 1</c> zeros between neighbours along each axis: extent d becomes <c>(d - 1)*factor + 1</c>. The input of a
/// convolution that stands for a strided transposed one.
/// </summary>
public sealed record Dilate(ValueList<long> Factors) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        var x = c.Input(0);
        if (Factors.Count != x.Rank || Factors.Any(f => f < 1))
        {
            throw c.Error($"expects a positive factor for each axis of {x}, found {Factors}");
        }

        var dims = new Dim[x.Rank];
        for (var axis = 0; axis < dims.Length; axis++)
        {
            dims[axis] = x.Shape[axis];
            if (Factors[axis] > 1)
            {
                c.Require(c.Dims.One, Relation.LessOrEqual, dims[axis], $"the extent of axis {axis}");
                dims[axis] = ((dims[axis] - 1) * Factors[axis]) + 1;
            }
        }

        c.Output(x.Element, new Shape([.. dims]));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, output) = (c.Input(0), c.NewOutput());
        for (var i = 0L; i < x.Count; i++)
        {
            var at = RowMajor.Index(i, x.Dims);
            for (var axis = 0; axis < at.Length; axis++)
            {
                at[axis] *= Factors[axis];
            }

            output.CopyElement(RowMajor.Position(at, output.Dims), x, i);
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var source = index.ToArray();
        var isHit = ExprFactory.Bool(true);
        for (var axis = 0; axis < index.Length; axis++)
        {
            if (Factors[axis] > 1)
            {
                var factor = ExprFactory.Int(Factors[axis]);
                source[axis] = ExprFactory.Binary(BinaryOp.FloorDiv, index[axis], factor);
                isHit = ExprFactory.And(isHit, ExprFactory.Equal(ExprFactory.Binary(BinaryOp.Mod, index[axis], factor), ExprFactory.Int(0)));
            }
        }

        return c.Guarded(isHit, () => c.Input(0, source), ExprFactory.Literal(0, c.InputType(0).Element));
    }

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () =>
        {
            var shape = c.Input(0).Type.Shape;
            return c.Emit(new Slice([.. Factors.Select(_ => c.Dims.Zero)], [.. Factors.Select(c.Dims.Const)], shape), c.Gradient());
        });
    }
}
