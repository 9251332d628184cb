using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.Numerics;

/// <summary>
/// erf(x) = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. f32 below 3e-7 relative by one rational; f64 below 1e-15 by a
/// polynomial below 1 and e^(-x^2) times one above.
/// </summary>
internal static class ErrorFunction
{
    internal static LLVMValueRef Emit(LaneBuilder b, LLVMValueRef x) => LaneBuilder.IsF64(x) ? EmitF64(b, x) : EmitF32(b, x);

    private static LLVMValueRef EmitF32(LaneBuilder b, LLVMValueRef x)
    {
        // Beyond sqrt(14.6) the result rounds to 1. Rational minimax for erf(x)/x in x^2 by the Remez exchange; 8e-8.
        const double limit = 3.8209946;
        LLVMValueRef a = b.ClampKeepingNaN(x, -limit, limit);
        LLVMValueRef z = b.FMul(a, a);
        LLVMValueRef p = b.Polynomial(
            z,
            1.1283791669791468,
            0.18988531416950072,
            0.052603131562631494,
            0.00371748197273806,
            0.00027983241672279753,
            2.007085159063254e-06);
        LLVMValueRef q = b.Polynomial(
            z,
            1.0,
            0.5016147726352452,
            0.11382382619505836,
            0.014881680892048518,
            0.0011430261721474563,
            3.736898640699317e-05);
        return b.FDiv(b.FMul(a, p), q);
    }

    private static LLVMValueRef EmitF64(LaneBuilder b, LLVMValueRef x)
    {
        LLVMValueRef a = b.FAbs(x);
        LLVMValueRef z = b.FMul(x, x);

        // erf(x)/x in x^2 on [0, 1], minimax by the Remez exchange; 8e-18.
        LLVMValueRef small = b.FMul(
            x,
            b.Polynomial(
                z,
                1.1283791670955126,
                -0.3761263890318352,
                0.11283791670944185,
                -0.026866170643111472,
                0.0052239776061185845,
                -0.0008548325929322255,
                0.00012055293577183463,
                -1.4924712308155667e-05,
                1.6447131653817538e-06,
                -1.6206314430939917e-07,
                1.3710983445962498e-08,
                -7.779474387670982e-10));

        // e^(x^2) erfc(x) in (x - 2)/(x + 2) on [1, 6], minimax by the Remez exchange; erf rounds to 1 beyond 6.
        LLVMValueRef bounded = b.ClampKeepingNaN(a, 1.0, 6.0);
        LLVMValueRef t = b.FDiv(b.FAdd(bounded, -2.0), b.FAdd(bounded, 2.0));
        LLVMValueRef scaled = b.Polynomial(
            t,
            0.25539567631050575,
            -0.4271858474139586,
            0.24165819424246548,
            -0.07897858101566634,
            0.003732892404954737,
            0.006997461735839918,
            -0.0008471433007369806,
            -0.0009819770328527858,
            4.3556895559199296e-05,
            0.00017436311103411883,
            2.750984922955755e-05,
            -2.7610679062840255e-05,
            -1.3867811488362922e-05,
            1.5907123498788508e-06,
            3.443016936986211e-06,
            6.367027675664713e-07);
        LLVMValueRef decay = Exponential.Emit(b, b.FNeg(b.FMul(bounded, bounded)));
        LLVMValueRef large = b.FSub(b.ConstantLike(x, 1.0), b.FMul(decay, scaled));
        return b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOLT, a, 1.0), small, b.CopySign(large, x));
    }
}
