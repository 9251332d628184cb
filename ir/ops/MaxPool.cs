using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>The greatest element of each window; padding never wins (ONNX MaxPool). A window without elements gives the least value.</summary>
public sealed record MaxPool(ValueList<long> Kernel, ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin,
    ValueList<Dim> PadsEnd, bool IsCeiling) : Pool(Kernel, Strides, Dilations, PadsBegin, PadsEnd, IsCeiling)
{
    public override Expr At(IndexContext c, Expr[] index)
    {
        var least = ReduceKind.Max.Neutral(c.InputType(0).Element);
        var best = c.Kernel.Declare(least, "best");
        ForEachTap(c, index, (position, inside) =>
            c.Kernel.Assign(best, ExprFactory.Max(ExprFactory.Read(best), c.Guarded(inside, () => c.Input(0, position), least))));
        return ExprFactory.Read(best);
    }

    protected override bool Accepts(ElementType type) => type != ElementType.Bool;

    protected override void Combine(Tensor x, IReadOnlyList<long> inside, long padded, Tensor output, long o)
    {
        if (x.Element.IsFloat())
        {
            output.SetDouble(o, inside.Select(x.GetDouble).Aggregate(double.NegativeInfinity, Math.Max));
        }
        else
        {
            var least = ((IntLiteral)ReduceKind.Max.Neutral(x.Element)).Value;
            output.SetLong(o, inside.Select(x.GetLong)
                .Aggregate(least, (a, b) => x.Element == ElementType.UInt64 ? (long)Math.Max((ulong)a, (ulong)b) : Math.Max(a, b)));
        }
    }
}
