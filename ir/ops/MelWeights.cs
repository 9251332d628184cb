using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Triangular mel filters <c>[Bins, Bands]</c> (ONNX MelWeightMatrix), f32 or f64. Inputs are f64 scalars: the length of the transform, the sample
/// rate, and the lower and upper edge in Hz. Computed in f64, since band edges are rounded down to bins.
/// </summary>
public sealed record MelWeights(Dim Bins, Dim Bands, ElementType Element) : Op, IIndexFunction
{
    private const double PerDecade = 2595;
    private const double Corner = 700;

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(4);
        c.ExpectSameElement();
        c.ExpectElement(0, t => t == ElementType.Float64, "an f64 scalar");
        for (var i = 0; i < 4; i++)
        {
            c.ExpectRank(i, 0);
        }

        c.Output(Element, [Bins, Bands]);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var output = c.NewOutput();
        var (length, rate, lower, upper) = (c.Input(0).GetDouble(0), c.Input(1).GetDouble(0), c.Input(2).GetDouble(0), c.Input(3).GetDouble(0));
        var bands = output.Dims[1];
        for (var i = 0L; i < output.Count; i++)
        {
            var (bin, band) = (i / bands, i % bands);
            var (low, center, high) = (Edge(band), Edge(band + 1), Edge(band + 2));
            output.SetDouble(i, center == low && bin == center ? 1
                : bin >= low && bin <= center && center > low && !(bin == center && high > center) ? (bin - low) / (center - low)
                : bin >= center && bin < high ? (high - bin) / (high - center) : 0);
        }

        double Edge(long band)
        {
            var (from, to) = (PerDecade * Math.Log10(1 + (lower / Corner)), PerDecade * Math.Log10(1 + (upper / Corner)));
            var hertz = Corner * (Math.Pow(10, ((band * ((to - from) / (bands + 2))) + from) / PerDecade) - 1);
            return Math.Floor((length + 1) * hertz / rate);
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var k = c.Kernel;
        var (length, rate) = (c.Input(0), c.Input(1));
        var (from, to) = (k.Let(Mel(c.Input(2))), k.Let(Mel(c.Input(3))));
        var step = k.Let(Divide(to - from, Real(c.Dim(Bands + 2))));
        var (low, center, high) = (Edge(index[1]), Edge(index[1] + 1), Edge(index[1] + 2));
        var bin = k.Let(Real(index[0]));
        var (zero, one) = (Number(0), Number(1));
        var rising = ExprFactory.And(ExprFactory.And(ExprFactory.LessOrEqual(low, bin), ExprFactory.LessOrEqual(bin, center)),
            ExprFactory.And(ExprFactory.Less(low, center), ExprFactory.Not(ExprFactory.And(ExprFactory.Equal(bin, center), ExprFactory.Less(center, high)))));
        var falling = ExprFactory.And(ExprFactory.LessOrEqual(center, bin), ExprFactory.Less(bin, high));
        var peak = ExprFactory.And(ExprFactory.Equal(low, center), ExprFactory.Equal(bin, center));
        return ExprFactory.Cast(Element, ExprFactory.Select(peak, one, ExprFactory.Select(rising, Divide(bin - low, center - low),
            ExprFactory.Select(falling, Divide(high - bin, high - center), zero))));

        Expr Edge(Expr band)
        {
            var decades = Divide((Real(band) * step) + from, Number(PerDecade));
            var hertz = Number(Corner) * (ExprFactory.Unary(UnaryOp.Exp, decades * Number(Math.Log(10))) - Number(1));
            return k.Let(ExprFactory.Unary(UnaryOp.Floor, Divide((length + Number(1)) * hertz, rate)));
        }

        static Expr Mel(Expr hertz) =>
            Number(PerDecade / Math.Log(10)) * ExprFactory.Unary(UnaryOp.Log, Number(1) + Divide(hertz, Number(Corner)));
        static Expr Real(Expr x) => ExprFactory.Cast(ElementType.Float64, x);
        static Expr Number(double x) => ExprFactory.Float(x, ElementType.Float64);
        static Expr Divide(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Div, a, b);
    }
}
