using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// Repeats along axes of extent 1 and new leading axes, to the numpy broadcast of the input's shape and <paramref name="To"/> (ONNX Expand).
/// </summary>
public sealed record Broadcast(Shape To) : Op, IElementwise
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        c.Output(c.Input(0).Element, c.BroadcastShapes(c.Input(0).Shape, To));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (input, output) = (c.Input(0), c.NewOutput());
        var at = new BroadcastReader(input.Dims, output.Dims);
        for (var i = 0L; i < output.Count; i++)
        {
            output.CopyElement(i, input, at.Offset(i));
        }
    }

    public Expr At(IndexContext c, Expr[] index) => c.Broadcast(0, index);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Gradient());
}
