using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Activation functions of recurrent operators, with the names of ONNX; <c>a</c> and <c>b</c> are alpha and beta.</summary>
public enum RecurrentFunction : byte
{
    Sigmoid,
    Tanh,

    /// <summary><c>max(x, 0)</c></summary>
    Relu,

    /// <summary><c>a*x + b</c></summary>
    Affine,

    /// <summary><c>x &lt; 0 ? a*x : x</c></summary>
    LeakyRelu,

    /// <summary><c>x &gt; a ? x : 0</c></summary>
    ThresholdedRelu,

    /// <summary><c>a*tanh(b*x)</c></summary>
    ScaledTanh,

    /// <summary><c>min(max(a*x + b, 0), 1)</c></summary>
    HardSigmoid,

    /// <summary><c>x &lt; 0 ? a*(exp(x) - 1) : x</c></summary>
    Elu,

    /// <summary><c>x / (1 + |x|)</c></summary>
    Softsign,

    /// <summary><c>log(1 + exp(x))</c></summary>
    Softplus,
}

/// <summary>What each <see cref="RecurrentFunction"/> computes.</summary>
internal static class RecurrentFunctions
{
    public static double Apply(this RecurrentFunction function, double x, double a, double b) => function switch
    {
        RecurrentFunction.Sigmoid => 1 / (1 + Math.Exp(-x)),
        RecurrentFunction.Tanh => Math.Tanh(x),
        RecurrentFunction.Relu => Math.Max(x, 0),
        RecurrentFunction.Affine => (a * x) + b,
        RecurrentFunction.LeakyRelu => x < 0 ? a * x : x,
        RecurrentFunction.ThresholdedRelu => x > a ? x : 0,
        RecurrentFunction.ScaledTanh => a * Math.Tanh(b * x),
        RecurrentFunction.HardSigmoid => Math.Min(Math.Max((a * x) + b, 0), 1),
        RecurrentFunction.Elu => x < 0 ? a * (Math.Exp(x) - 1) : x,
        RecurrentFunction.Softsign => x / (1 + Math.Abs(x)),
        RecurrentFunction.Softplus => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x))),
        _ => throw new InvalidOperationException($"unknown function {function}"),
    };

    public static Expr Apply(this RecurrentFunction function, Expr x, double a, double b)
    {
        var (zero, one, alpha, beta) = (Number(0), Number(1), Number(a), Number(b));
        return function switch
        {
            RecurrentFunction.Sigmoid => Divide(one, one + ExprFactory.Unary(UnaryOp.Exp, -x)),
            RecurrentFunction.Tanh => ExprFactory.Unary(UnaryOp.Tanh, x),
            RecurrentFunction.Relu => ExprFactory.Max(x, zero),
            RecurrentFunction.Affine => (alpha * x) + beta,
            RecurrentFunction.LeakyRelu => ExprFactory.Select(ExprFactory.Less(x, zero), alpha * x, x),
            RecurrentFunction.ThresholdedRelu => ExprFactory.Select(ExprFactory.Less(alpha, x), x, zero),
            RecurrentFunction.ScaledTanh => alpha * ExprFactory.Unary(UnaryOp.Tanh, beta * x),
            RecurrentFunction.HardSigmoid => ExprFactory.Min(ExprFactory.Max((alpha * x) + beta, zero), one),
            RecurrentFunction.Elu => ExprFactory.Select(ExprFactory.Less(x, zero),
                alpha * (ExprFactory.Unary(UnaryOp.Exp, ExprFactory.Min(x, zero)) - one), x),
            RecurrentFunction.Softsign => Divide(x, one + ExprFactory.Unary(UnaryOp.Abs, x)),

            // Written so that exp does not overflow.
            RecurrentFunction.Softplus => ExprFactory.Max(x, zero) + ExprFactory.Unary(UnaryOp.Log,
                one + ExprFactory.Unary(UnaryOp.Exp, -ExprFactory.Unary(UnaryOp.Abs, x))),
            _ => throw new InvalidOperationException($"unknown function {function}"),
        };

        Expr Number(double value) => ExprFactory.Float(value, x.Type);
        static Expr Divide(Expr p, Expr q) => ExprFactory.Binary(BinaryOp.Div, p, q);
    }

    /// <summary>The function as operators.</summary>
    public static Value Apply(this RecurrentFunction function, OpWriter w, Value x, double a, double b)
    {
        Value Number(double value) => w.Scalar(x.Type.Element, value);
        Value AtLeast(Value v, double least) => w.Emit(new Max(), v, Number(least));
        Value Magnitude(Value v) => w.Emit(new Abs(), v);
        return function switch
        {
            RecurrentFunction.Sigmoid => w.Emit(new Sigmoid(), x),
            RecurrentFunction.Tanh => w.Emit(new Tanh(), x),
            RecurrentFunction.Relu => AtLeast(x, 0),
            RecurrentFunction.Affine => w.Plus(w.Times(x, a), b),
            RecurrentFunction.LeakyRelu => w.Choose(w.IsLess(x, 0), w.Times(x, a), x),
            RecurrentFunction.ThresholdedRelu => w.Choose(w.IsLess(a, x), x, 0),
            RecurrentFunction.ScaledTanh => w.Times(w.Emit(new Tanh(), w.Times(x, b)), a),
            RecurrentFunction.HardSigmoid => w.Emit(new Min(), AtLeast(w.Plus(w.Times(x, a), b), 0), Number(1)),
            RecurrentFunction.Elu => w.Choose(w.IsLess(x, 0), w.Times(w.Minus(w.Emit(new Exp(), w.Emit(new Min(), x, Number(0))), 1), a), x),
            RecurrentFunction.Softsign => w.Over(x, w.Plus(Magnitude(x), 1)),
            RecurrentFunction.Softplus => w.Plus(AtLeast(x, 0), w.Emit(new Log(), w.Plus(w.Emit(new Exp(), w.Negative(Magnitude(x))), 1))),
            _ => throw new InvalidOperationException($"unknown function {function}"),
        };
    }
}
