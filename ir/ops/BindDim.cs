using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Gives a symbol its value at run time: the i64 scalar input. The only way a size comes from data (the count of NonZero, the length of a
/// Range, a Reshape by computed numbers). It has no output; later nodes mention the symbol. A negative value is a run-time error.
/// </summary>
public sealed record BindDim(Dim Symbol) : Op
{
    public override bool IsPure => false;

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        c.ExpectRank(0, 0);
        c.ExpectElement(0, t => t == ElementType.Int64, "an i64 scalar");
    }

    public override void Evaluate(EvaluateContext c)
    {
        var value = c.Input(0).GetLong(0);
        if (value < 0)
        {
            throw EvaluateContext.Error($"the size {Symbol} is {value}");
        }

        c.Bound.Add((Symbol, value));
    }
}
