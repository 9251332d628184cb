using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>The greatest element of each window; padding never wins (ONNX MaxPool). A window without elements gives the least value.</summary>
public sealed record MaxPool(ValueList<long> Kernel, ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin,
    ValueList<Dim> PadsEnd, bool IsCeiling) : RowPool(Kernel, Strides, Dilations, PadsBegin, PadsEnd, IsCeiling)
{
    protected override ReduceKind Kind => ReduceKind.Max;

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
