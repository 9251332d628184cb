using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>The position along an axis of a tensor of shape <paramref name="To"/>: 0, 1, 2, ... (the core of ONNX Range, EyeLike and OneHot).</summary>
public sealed record Iota(ElementType Element, Shape To, int Axis) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(0);
        if (Axis < 0 || Axis >= To.Rank || Element == ElementType.Bool)
        {
            throw c.Error($"expects an axis of {To} and a type of numbers, found axis {Axis} and {Element.ShortName()}");
        }

        c.Output(Element, To);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var output = c.NewOutput();
        var inner = output.Dims[(Axis + 1)..].Aggregate(1L, (x, y) => x * y);
        for (var i = 0L; i < output.Count; i++)
        {
            output.SetLong(i, i / inner % output.Dims[Axis]);
        }
    }

    public Expr At(IndexContext c, Expr[] index) => ExprFactory.Cast(Element, index[Axis]);
}
