using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// Of inputs (condition: bool, then, otherwise) the second where the first holds, else the third; elementwise with broadcasting (ONNX Where).
/// </summary>
public sealed record Where : Op, IElementwise
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(3);
        c.ExpectElement(0, t => t == ElementType.Bool, "bool");
        c.Output(c.ExpectSameElement(1, 2), c.BroadcastInputs());
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (condition, output) = (c.Input(0), c.NewOutput());
        var at = new BroadcastReader(condition.Dims, output.Dims);
        BroadcastReader[] arms = [new(c.Input(1).Dims, output.Dims), new(c.Input(2).Dims, output.Dims)];
        for (var i = 0L; i < output.Count; i++)
        {
            var arm = condition.GetLong(at.Offset(i)) != 0 ? 0 : 1;
            output.CopyElement(i, c.Input(1 + arm), arms[arm].Offset(i));
        }
    }

    public Expr At(IndexContext c, Expr[] index) =>
        ExprFactory.Select(c.Broadcast(0, index), c.Broadcast(1, index), c.Broadcast(2, index));

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(1, () => c.Choose(c.Input(0), c.Gradient(), 0));
        c.Give(2, () => c.Choose(c.Input(0), 0, c.Gradient()));
    }
}
