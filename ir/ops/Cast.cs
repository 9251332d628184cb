using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// Converts the element type, elementwise (ONNX Cast). Floats truncate to integers and saturate, NaN giving 0; integers wrap; to bool is
/// <c>x != 0</c>; to narrower floats rounds to nearest even.
/// </summary>
public sealed record Cast(ElementType To) : Op, IElementwise
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        c.Output(To, c.Input(0).Shape);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (input, output) = (c.Input(0), c.NewOutput());
        for (var i = 0L; i < input.Count; i++)
        {
            if (input.Element.IsFloat() || To.IsFloat())
            {
                output.SetDouble(i, input.GetDouble(i));
            }
            else
            {
                output.SetLong(i, input.GetLong(i));
            }
        }
    }

    public Expr At(IndexContext c, Expr[] index) => ExprFactory.Cast(To, c.Input(0, index));

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Gradient());
}
