using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.Numerics;

/// <summary>
/// Trigonometric functions and their inverses on f64 lanes, below 1e-15 of the result's scale; f32 is served by widening. The argument of
/// sin, cos and tan is reduced with 160 bits of pi/2; beyond 2^50 its low bits no longer resolve a period and it counts as 0.
/// </summary>
internal static class Trigonometry
{
    private const double HalfPi = 1.5707963267948966;
    private const double HalfPiLow = 6.123233995736766e-17;
    private const double HalfPiLowest = -1.4973849048591833e-33;

    internal static LLVMValueRef EmitSin(LaneBuilder b, LLVMValueRef x)
    {
        (LLVMValueRef quadrant, LLVMValueRef sin, LLVMValueRef cos) = Reduce(b, x);
        return Quarter(b, quadrant, sin, cos);
    }

    internal static LLVMValueRef EmitCos(LaneBuilder b, LLVMValueRef x)
    {
        (LLVMValueRef quadrant, LLVMValueRef sin, LLVMValueRef cos) = Reduce(b, x);
        return Quarter(b, b.Add(quadrant, 1), sin, cos);
    }

    internal static LLVMValueRef EmitTan(LaneBuilder b, LLVMValueRef x)
    {
        (LLVMValueRef quadrant, LLVMValueRef sin, LLVMValueRef cos) = Reduce(b, x);
        LLVMValueRef odd = b.ICmp(LLVMIntPredicate.LLVMIntNE, b.And(quadrant, 1), 0);
        return b.FDiv(b.Select(odd, b.FNeg(cos), sin), b.Select(odd, sin, cos));
    }

    internal static LLVMValueRef EmitAsin(LaneBuilder b, LLVMValueRef x)
    {
        (LLVMValueRef small, LLVMValueRef core) = AsinCore(b, x);
        LLVMValueRef large = b.FSub(b.ConstantLike(x, HalfPi), b.FSub(b.FAdd(core, core), b.ConstantLike(x, HalfPiLow)));
        return b.CopySign(b.Select(small, core, large), x);
    }

    internal static LLVMValueRef EmitAcos(LaneBuilder b, LLVMValueRef x)
    {
        // core is asin(|x|) below 1/2, else asin(sqrt((1 - |x|)/2)).
        (LLVMValueRef small, LLVMValueRef core) = AsinCore(b, x);
        LLVMValueRef negative = b.FCmp(LLVMRealPredicate.LLVMRealOLT, x, 0.0);
        LLVMValueRef signed = b.CopySign(core, x);
        LLVMValueRef near = b.FSub(b.ConstantLike(x, HalfPi), b.FSub(signed, b.ConstantLike(x, HalfPiLow)));
        LLVMValueRef twice = b.FAdd(core, core);
        LLVMValueRef far = b.Select(negative, b.FSub(b.ConstantLike(x, 2 * HalfPi), twice), twice);
        return b.Select(small, near, far);
    }

    internal static LLVMValueRef EmitAtan(LaneBuilder b, LLVMValueRef x)
    {
        LLVMValueRef a = b.FAbs(x);
        LLVMValueRef one = b.ConstantLike(x, 1.0);
        LLVMValueRef inverted = b.FCmp(LLVMRealPredicate.LLVMRealOGT, a, 1.0);
        LLVMValueRef core = AtanCore(b, b.Select(inverted, b.FDiv(one, a), a));
        return b.CopySign(b.Select(inverted, b.FSub(b.ConstantLike(x, HalfPi), core), core), x);
    }

    /// <summary>The angle of the point (x, y), with IEEE's values at zeros and infinities.</summary>
    internal static LLVMValueRef EmitAtan2(LaneBuilder b, LLVMValueRef y, LLVMValueRef x)
    {
        LLVMValueRef ax = b.FAbs(x);
        LLVMValueRef ay = b.FAbs(y);
        LLVMValueRef steep = b.FCmp(LLVMRealPredicate.LLVMRealOGT, ay, ax);
        LLVMValueRef least = b.Select(steep, ax, ay);
        LLVMValueRef most = b.Select(steep, ay, ax);

        // 0/0 counts as 0 and inf/inf as 1; a NaN in either operand makes the sum below NaN.
        LLVMValueRef ratio = b.FDiv(least, most);
        ratio = b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOEQ, most, 0.0), b.ConstantLike(x, 0.0), ratio);
        ratio = b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOEQ, least, double.PositiveInfinity), b.ConstantLike(x, 1.0), ratio);
        LLVMValueRef angle = AtanCore(b, ratio);
        angle = b.Select(steep, b.FSub(b.ConstantLike(x, HalfPi), angle), angle);
        LLVMTypeRef integer = FloatBits.IntegerType(b, x);
        LLVMValueRef left = b.ICmp(LLVMIntPredicate.LLVMIntSLT, b.BitCast(x, integer), 0);
        angle = b.Select(left, b.FSub(b.ConstantLike(x, 2 * HalfPi), angle), angle);
        angle = b.CopySign(angle, y);
        return b.Select(b.FCmp(LLVMRealPredicate.LLVMRealUNO, x, y), b.FAdd(x, y), angle);
    }

    private static LLVMValueRef Quarter(LaneBuilder b, LLVMValueRef quadrant, LLVMValueRef sin, LLVMValueRef cos)
    {
        LLVMValueRef odd = b.ICmp(LLVMIntPredicate.LLVMIntNE, b.And(quadrant, 1), 0);
        LLVMValueRef value = b.Select(odd, cos, sin);
        return b.Select(b.ICmp(LLVMIntPredicate.LLVMIntNE, b.And(quadrant, 2), 0), b.FNeg(value), value);
    }

    /// <summary>x = quadrant pi/2 + r with |r| at most about pi/4, and sin(r) and cos(r).</summary>
    private static (LLVMValueRef Quadrant, LLVMValueRef Sin, LLVMValueRef Cos) Reduce(LaneBuilder b, LLVMValueRef x)
    {
        const double unresolved = 1125899906842624.0;
        LLVMValueRef big = b.FCmp(LLVMRealPredicate.LLVMRealOGT, b.FAbs(x), unresolved);
        LLVMValueRef infinite = b.FCmp(LLVMRealPredicate.LLVMRealOEQ, b.FAbs(x), double.PositiveInfinity);
        x = b.Select(big, b.ConstantLike(x, 0.0), x);
        x = b.Select(infinite, b.ConstantLike(x, double.NaN), x);
        LLVMValueRef n = b.RoundEven(b.FMul(x, 1 / HalfPi));
        LLVMValueRef r = b.Fma(n, -HalfPi, x);
        r = b.Fma(n, -HalfPiLow, r);
        r = b.Fma(n, -HalfPiLowest, r);
        LLVMValueRef z = b.FMul(r, r);
        LLVMValueRef sin = b.Polynomial(
            z,
            -1.0 / 6,
            1.0 / 120,
            -1.0 / 5040,
            1.0 / 362880,
            -1.0 / 39916800,
            1.0 / 6227020800,
            -1.0 / 1307674368000,
            1.0 / 355687428096000);
        sin = b.Fma(b.FMul(r, z), sin, r);

        // The reduction turns -0 into +0.
        sin = b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOEQ, x, 0.0), x, sin);
        LLVMValueRef cos = b.Polynomial(
            z,
            1.0,
            -1.0 / 2,
            1.0 / 24,
            -1.0 / 720,
            1.0 / 40320,
            -1.0 / 3628800,
            1.0 / 479001600,
            -1.0 / 87178291200,
            1.0 / 20922789888000);
        return (FloatBits.ToInteger(b, n), sin, cos);
    }

    /// <summary>asin(|x|) where |x| is below 1/2 (the first result), else asin(sqrt((1 - |x|)/2)).</summary>
    private static (LLVMValueRef Small, LLVMValueRef Core) AsinCore(LaneBuilder b, LLVMValueRef x)
    {
        LLVMValueRef a = b.FAbs(x);
        LLVMValueRef small = b.FCmp(LLVMRealPredicate.LLVMRealOLT, a, 0.5);
        LLVMValueRef half = b.FMul(b.FSub(b.ConstantLike(x, 1.0), a), 0.5);
        LLVMValueRef z = b.Select(small, b.FMul(a, a), half);
        LLVMValueRef s = b.Select(small, a, b.Sqrt(half));

        // (asin(s)/s - 1)/s^2 in s^2 on [0, 1/4], minimax by the Remez exchange; 1e-18.
        LLVMValueRef p = b.Polynomial(
            z,
            0.16666666666666763,
            0.07499999999970261,
            0.04464285717512206,
            0.030381942683562414,
            0.022372215661753382,
            0.01735160006663415,
            0.013980961749950168,
            0.011397773539669838,
            0.010786542921859077,
            0.003682988821535082,
            0.021763630486441986,
            -0.021077480688553748,
            0.03267700897524778);
        return (small, b.Fma(b.FMul(s, z), p, s));
    }

    /// <summary>atan of a number in [0, 1].</summary>
    private static LLVMValueRef AtanCore(LaneBuilder b, LLVMValueRef t)
    {
        const double tanOfPiBy8 = 0.41421356237309503;
        LLVMValueRef upper = b.FCmp(LLVMRealPredicate.LLVMRealOGT, t, tanOfPiBy8);
        LLVMValueRef u = b.Select(upper, b.FDiv(b.FAdd(t, -1.0), b.FAdd(t, 1.0)), t);
        LLVMValueRef z = b.FMul(u, u);

        // (atan(u)/u - 1)/u^2 in u^2 on [0, tan(pi/8)^2], minimax by the Remez exchange; 5e-20.
        LLVMValueRef p = b.Polynomial(
            z,
            -0.33333333333333326,
            0.19999999999997695,
            -0.1428571428539108,
            0.11111111088369392,
            -0.09090908151450953,
            0.07692282915403424,
            -0.06666229075215649,
            0.058770445271321,
            -0.052185509106000755,
            0.045041460940357665,
            -0.03348836907085648,
            0.015209304931429102);
        LLVMValueRef angle = b.Fma(b.FMul(u, z), p, u);
        return b.FAdd(angle, b.Select(upper, b.ConstantLike(t, HalfPi / 2), b.ConstantLike(t, 0.0)));
    }
}
