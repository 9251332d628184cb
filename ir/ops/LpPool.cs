using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>The p-norm of each window, <c>(sum |x|^P)^(1/P)</c> (ONNX LpPool). f16 and bf16 sum in f32.</summary>
public sealed record LpPool(ValueList<long> Kernel, ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin,
    ValueList<Dim> PadsEnd, bool IsCeiling, long P) : RowPool(Kernel, Strides, Dilations, PadsBegin, PadsEnd, IsCeiling)
{
    protected override ReduceKind Kind => ReduceKind.Sum;

    protected override Expr Map(Expr x) => P switch
    {
        1 => ExprFactory.Unary(UnaryOp.Abs, x),
        2 => x * x,
        _ => ExprFactory.Binary(BinaryOp.Pow, ExprFactory.Unary(UnaryOp.Abs, x), ExprFactory.Float(P, x.Type)),
    };

    protected override Expr Finish(LoopContext c, Expr[] index, Expr total) => P switch
    {
        1 => total,
        2 => ExprFactory.Unary(UnaryOp.Sqrt, total),
        _ => ExprFactory.Binary(BinaryOp.Pow, total, ExprFactory.Float(1.0 / P, total.Type)),
    };

    protected override void Combine(Tensor x, IReadOnlyList<long> inside, long padded, Tensor output, long o) =>
        output.SetDouble(o, Math.Pow(inside.Sum(i => Math.Pow(Math.Abs(x.GetDouble(i)), P)), 1.0 / P));
}
