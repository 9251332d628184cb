using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Base of operators on two tensors of one element type with numpy broadcasting.</summary>
public abstract record BinaryElementwise : Op, IElementwise
{
    /// <summary>Which element types it takes, with the words for the error.</summary>
    protected virtual (Func<ElementType, bool> Accepts, string Expected) Domain => (t => t != ElementType.Bool, "a tensor of numbers");

    /// <summary>The element type of the result.</summary>
    protected virtual ElementType Result(ElementType operand) => operand;

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(2);
        c.ExpectElement(0, Domain.Accepts, Domain.Expected);
        var element = c.ExpectSameElement();
        c.Output(Result(element), c.BroadcastInputs());
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (a, b, output) = (c.Input(0), c.Input(1), c.NewOutput());
        var (atA, atB) = (new BroadcastReader(a.Dims, output.Dims), new BroadcastReader(b.Dims, output.Dims));
        for (var i = 0L; i < output.Count; i++)
        {
            var (x, y) = (atA.Offset(i), atB.Offset(i));
            if (a.Element.IsFloat())
            {
                output.SetDouble(i, Apply(a.GetDouble(x), b.GetDouble(y)));
            }
            else
            {
                output.SetLong(i, Apply(a.GetLong(x), b.GetLong(y), a.Element));
            }
        }
    }

    public Expr At(IndexContext c, Expr[] index) => Apply(c.Broadcast(0, index), c.Broadcast(1, index));

    /// <summary>The function on scalars of a kernel.</summary>
    protected abstract Expr Apply(Expr a, Expr b);

    /// <summary>The reference on floats; a comparison gives 0 or 1.</summary>
    protected abstract double Apply(double a, double b);

    /// <summary>The reference on integers and bool; the result wraps to the type, u64 comes as its bits.</summary>
    protected abstract long Apply(long a, long b, ElementType type);
}
