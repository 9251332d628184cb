using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// The same bits as another element type of the same width, elementwise (ONNX BitCast). A bool is the byte 0 or 1, and true from any byte but 0.
/// </summary>
public sealed record Bitcast(ElementType To) : Op, IElementwise
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        c.ExpectElement(0, t => t.Bytes() == To.Bytes(), $"of {To.Bytes()} bytes an element");
        c.Output(To, c.Input(0).Shape);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var input = c.Input(0);
        if (To != ElementType.Bool)
        {
            c.SetOutput(0, new Tensor(To, input.Dims, input.Memory));
            return;
        }

        var output = c.NewOutput();
        for (var i = 0L; i < output.Count; i++)
        {
            output.SetLong(i, input.GetLong(i));
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var x = c.Input(0, index);
        return x.Type == ElementType.Bool || To == ElementType.Bool || x.Type == To ? ExprFactory.Cast(To, x) : new BitcastExpr(To, x);
    }
}
