using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>The p-norm of each window, <c>(sum |x|^P)^(1/P)</c> (ONNX LpPool). f16 and bf16 sum in f32.</summary>
public sealed record LpPool(ValueList<long> Kernel, ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin,
    ValueList<Dim> PadsEnd, bool IsCeiling, long P) : Pool(Kernel, Strides, Dilations, PadsBegin, PadsEnd, IsCeiling)
{
    public override Expr At(IndexContext c, Expr[] index)
    {
        var element = c.InputType(0).Element;
        var type = element == ElementType.Float64 ? element : ElementType.Float32;
        var sum = c.Kernel.Declare(ExprFactory.Float(0, type), "sum");
        ForEachTap(c, index, (position, inside) =>
        {
            var x = ExprFactory.Cast(type, c.Guarded(inside, () => c.Input(0, position), ExprFactory.Float(0, element)));
            var power = P switch
            {
                1 => ExprFactory.Unary(UnaryOp.Abs, x),
                2 => x * x,
                _ => ExprFactory.Binary(BinaryOp.Pow, ExprFactory.Unary(UnaryOp.Abs, x), ExprFactory.Float(P, type)),
            };
            c.Kernel.Assign(sum, ExprFactory.Read(sum) + power);
        });
        var total = ExprFactory.Read(sum);
        return ExprFactory.Cast(element, P switch
        {
            1 => total,
            2 => ExprFactory.Unary(UnaryOp.Sqrt, total),
            _ => ExprFactory.Binary(BinaryOp.Pow, total, ExprFactory.Float(1.0 / P, type)),
        });
    }

    protected override void Combine(Tensor x, IReadOnlyList<long> inside, long padded, Tensor output, long o) =>
        output.SetDouble(o, Math.Pow(inside.Sum(i => Math.Pow(Math.Abs(x.GetDouble(i)), P)), 1.0 / P));
}
