namespace Dlc.IR.Ops;

/// <summary>The error function in double precision, for the reference semantics (.NET has none).</summary>
public static class ErrorFunction
{
    private const double SeriesLimit = 3;

    /// <summary>
    /// <c>2/sqrt(pi) * integral of e^(-t^2) from 0 to x</c>: a series of positive terms near 0, the continued fraction of erfc beyond
    /// (Abramowitz and Stegun 7.1.6 and 7.1.14). Good to about 1e-15.
    /// </summary>
    public static double Erf(double x)
    {
        var a = Math.Abs(x);
        return double.IsNaN(x) ? x : a > 6 ? Math.Sign(x) : a < SeriesLimit ? Series(x) : Math.Sign(x) * (1 - Complement(a));
    }

    private static double Series(double x)
    {
        var (sum, term) = (x, x);
        for (var n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    private static double Complement(double x)
    {
        var fraction = x;
        for (var n = 80; n >= 1; n--)
        {
            fraction = x + (n / 2.0 / fraction);
        }

        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / fraction;
    }
}
