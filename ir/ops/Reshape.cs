using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>The same elements in row-major order under another shape (ONNX Reshape, Flatten, Squeeze, Unsqueeze).</summary>
public sealed record Reshape(Shape To) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        var input = c.Input(0);
        c.RequireEqual(input.Shape.ElementCount(c.Dims), To.ElementCount(c.Dims), $"element counts of {input.Shape} and {To}");
        c.Output(input.Element, To);
    }

    public override void Evaluate(EvaluateContext c) => c.SetOutput(0, c.Input(0).Reshape(c.Dim(To)));

    public Expr At(IndexContext c, Expr[] index)
    {
        var input = c.InputType(0);
        return c.Input(0, c.Math.Delinearize(c.Math.Linearize(index, To), input.Shape));
    }

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Shaped(c.Gradient(), c.Input(0).Type.Shape));
}
