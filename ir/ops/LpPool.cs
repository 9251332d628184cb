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

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () =>
        {
            var (x, y, gradient) = (c.Input(0), c.Output(), c.Gradient());
            if (P == 1)
            {
                return c.Times(OverWindows(c, gradient), c.Emit(new Sign(), x));
            }

            // |x|^(P-1) * sign(x) * the sum over windows of gradient / y^(P-1); a window of zeros has slope 0.
            Value Power(Value value) => P == 2 ? value : c.Emit(new Pow(), value, c.Scalar(value.Type.Element, P - 1));
            var share = c.Choose(c.IsEqual(y, 0), 0, c.Over(gradient, Power(y)));
            var slope = P == 2 ? x : c.Times(Power(c.Emit(new Abs(), x)), c.Emit(new Sign(), x));
            return c.Times(OverWindows(c, share), slope);
        });
    }
}
