using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Base of operators that map one element to one element.</summary>
public abstract record UnaryElementwise : Op, IElementwise
{
    /// <summary>Which element types it takes, with the words for the error.</summary>
    protected virtual (Func<ElementType, bool> Accepts, string Expected) Domain => (ElementTypes.IsFloat, "a float tensor");

    /// <summary>The element type of the result.</summary>
    protected virtual ElementType Result(ElementType operand) => operand;

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        c.ExpectElement(0, Domain.Accepts, Domain.Expected);
        c.Output(Result(c.Input(0).Element), c.Input(0).Shape);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (input, output) = (c.Input(0), c.NewOutput());
        for (var i = 0L; i < input.Count; i++)
        {
            if (input.Element.IsFloat())
            {
                output.SetDouble(i, Apply(input.GetDouble(i)));
            }
            else
            {
                output.SetLong(i, Apply(input.GetLong(i), input.Element));
            }
        }
    }

    public Expr At(IndexContext c, Expr[] index) => Apply(c.Input(0, index));

    /// <summary>The function on a scalar of a kernel.</summary>
    protected abstract Expr Apply(Expr x);

    /// <summary>The reference on floats; a predicate gives 0 or 1.</summary>
    protected abstract double Apply(double x);

    /// <summary>The reference on integers and bool, where the domain has them; the result wraps to the type, u64 comes as its bits.</summary>
    protected virtual long Apply(long x, ElementType type) => throw new InvalidOperationException($"{Name} takes no integers");
}
