namespace Dlc.IR.Symbolic;

/// <summary>Checked integer arithmetic with floor semantics: the only division that symbolic code uses.</summary>
public static class IntegerMath
{
    /// <summary>Quotient rounded towards minus infinity.</summary>
    /// <exception cref="DivideByZeroException">The divisor is zero.</exception>
    /// <exception cref="OverflowException">The quotient does not fit 64 bits.</exception>
    public static long FloorDiv(long dividend, long divisor)
    {
        if (divisor == -1)
        {
            return checked(-dividend);
        }

        var quotient = dividend / divisor;
        return dividend % divisor != 0 && (dividend < 0) != (divisor < 0) ? quotient - 1 : quotient;
    }

    /// <summary>Quotient rounded towards plus infinity.</summary>
    /// <exception cref="DivideByZeroException">The divisor is zero.</exception>
    /// <exception cref="OverflowException">The quotient does not fit 64 bits.</exception>
    public static long CeilDiv(long dividend, long divisor)
    {
        if (divisor == -1)
        {
            return checked(-dividend);
        }

        var quotient = dividend / divisor;
        return dividend % divisor != 0 && (dividend < 0) == (divisor < 0) ? quotient + 1 : quotient;
    }

    /// <summary>Remainder of floor division: it has the sign of the divisor.</summary>
    /// <exception cref="DivideByZeroException">The divisor is zero.</exception>
    public static long Mod(long dividend, long divisor)
    {
        if (divisor == -1)
        {
            return 0;
        }

        var remainder = dividend % divisor;
        return remainder != 0 && (remainder < 0) != (divisor < 0) ? remainder + divisor : remainder;
    }

    /// <summary>Greatest common divisor, never negative; <c>Gcd(0, 0)</c> is 0.</summary>
    /// <exception cref="OverflowException">The result is 2^63.</exception>
    public static long Gcd(long left, long right)
    {
        var a = left < 0 ? 0UL - (ulong)left : (ulong)left;
        var b = right < 0 ? 0UL - (ulong)right : (ulong)right;
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return checked((long)a);
    }
}
