using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Random f32 numbers of a shape: uniform in [0, 1), or with <paramref name="IsNormal"/> of mean 0 and deviation 1. Element i is a hash (splitmix64) of the seed and i,
/// so that one seed always gives the same numbers, in any order and on any number of threads. The root of ONNX RandomUniform, RandomNormal, Bernoulli and
/// Multinomial.
/// </summary>
public sealed record RandomNumbers(Shape To, long Seed, bool IsNormal) : Op, IIndexFunction
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private const ulong FirstFactor = 0xBF58476D1CE4E5B9;
    private const ulong SecondFactor = 0x94D049BB133111EB;

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(0);
        c.Output(ElementType.Float32, To);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var output = c.NewOutput();
        for (var i = 0L; i < output.Count; i++)
        {
            output.SetDouble(i, IsNormal
                ? Math.Sqrt(-2 * Math.Log(Uniform(2 * i) + (1.0 / (1 << 25)))) * Math.Cos(2 * Math.PI * Uniform((2 * i) + 1)) : Uniform(i));
        }

        double Uniform(long i)
        {
            var z = unchecked((ulong)Seed + ((ulong)(i + 1) * Step));
            z = unchecked((z ^ (z >> 30)) * FirstFactor);
            z = unchecked((z ^ (z >> 27)) * SecondFactor);
            return ((z ^ (z >> 31)) >> 40) * (1.0 / (1 << 24));
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var i = c.Math.Linearize(index, To);
        if (!IsNormal)
        {
            return Uniform(c.Kernel, i);
        }

        // Box and Muller's transform; the offset keeps the logarithm finite.
        var (u, v) = (Uniform(c.Kernel, i * 2), Uniform(c.Kernel, (i * 2) + 1));
        var radius = ExprFactory.Unary(UnaryOp.Sqrt, ExprFactory.Float(-2) * ExprFactory.Unary(UnaryOp.Log, u + ExprFactory.Float(1.0 / (1 << 25))));
        return radius * ExprFactory.Unary(UnaryOp.Cos, ExprFactory.Float(2 * Math.PI) * v);
    }

    private Expr Uniform(KernelBuilder k, Expr i)
    {
        var z = k.Let(Literal((ulong)Seed) + (ExprFactory.Cast(ElementType.UInt64, i + 1) * Literal(Step)));
        z = k.Let(Mix(z, 30) * Literal(FirstFactor));
        z = k.Let(Mix(z, 27) * Literal(SecondFactor));
        var bits = ExprFactory.Binary(BinaryOp.ShiftRight, Mix(z, 31), Literal(40));
        return ExprFactory.Cast(ElementType.Float32, ExprFactory.Cast(ElementType.Int64, bits)) * ExprFactory.Float(1.0 / (1 << 24));
    }

    private static Expr Mix(Expr z, ulong shift) =>
        ExprFactory.Binary(BinaryOp.Xor, z, ExprFactory.Binary(BinaryOp.ShiftRight, z, Literal(shift)));

    private static IntLiteral Literal(ulong value) => new(ElementType.UInt64, unchecked((long)value));
}
