using System.Numerics;
using Dlc.IR.Symbolic;

namespace Dlc.Tests.Property;

/// <summary>Draws random expressions twice: as a canonical dim and as a function evaluated by the letter.</summary>
public sealed class DimGenerator
{
    private static readonly long[] Values = [0, 1, 1, 2, 3, 4, 6, 7, 8, 12, 16, 64, 100, 128, 1000, 4096, 1_000_003];

    private readonly Random random;

    public DimGenerator(int seed, int symbols, bool negative)
    {
        random = new Random(seed);
        Context = new DimContext();
        Symbols = [.. Enumerable.Range(0, symbols).Select(i => Context.Symbol(((char)('a' + i)).ToString()))];
        Evaluator = new DimEvaluator(Context);
        Binding = [];
        foreach (var symbol in Symbols)
        {
            var value = Values[random.Next(Values.Length)];
            Binding[symbol] = negative && random.Next(3) == 0 ? -value : value;
            Evaluator.Bind(symbol, Binding[symbol]);
        }
    }

    public DimContext Context { get; }

    public Dim[] Symbols { get; }

    public Dictionary<Dim, long> Binding { get; }

    public DimEvaluator Evaluator { get; }

    public Random Random => random;

    /// <summary>An expression and its value; no value where it divides by 0.</summary>
    public (Dim Dim, BigInteger? Value) Draw(int depth)
    {
        if (depth == 0 || random.Next(6) == 0)
        {
            if (random.Next(3) == 0)
            {
                var constant = random.Next(2) == 0 ? random.Next(-4, 17) : Values[random.Next(Values.Length)];
                return (Context.Const(constant), constant);
            }

            var symbol = Symbols[random.Next(Symbols.Length)];
            return (symbol, Binding[symbol]);
        }

        var (a, x) = Draw(depth - 1);
        var (b, y) = Draw(depth - 1);
        switch (random.Next(9))
        {
            case 0 or 1:
                return (a + b, x + y);
            case 2:
                return (a - b, x - y);
            case 3 or 4:
                return (a * b, x * y);
            case 5:
                return (a.Min(b), x is { } p && y is { } q ? BigInteger.Min(p, q) : null);
            case 6:
                return (a.Max(b), x is { } r && y is { } s ? BigInteger.Max(r, s) : null);
            default:
                if (b.Is(0))
                {
                    return (a, x);
                }

                var kind = random.Next(3);
                var dim = kind == 0 ? a.FloorDiv(b) : kind == 1 ? a.CeilDiv(b) : a.Mod(b);
                if (x is not { } dividend || y is not { IsZero: false } divisor)
                {
                    return (dim, null);
                }

                var floor = Floor(dividend, divisor);
                return (dim, kind == 0 ? floor : kind == 1 ? -Floor(-dividend, divisor) : dividend - (divisor * floor));
        }
    }

    /// <summary>A linear or product form of a few symbols: what facts speak of.</summary>
    public Dim DrawSmall()
    {
        var result = Context.Const(random.Next(3) == 0 ? random.Next(-8, 9) : 0);
        for (var i = random.Next(1, 3); i > 0; i--)
        {
            var atom = random.Next(8) switch
            {
                0 => Pick().FloorDiv(random.Next(2, 9)),
                1 => Pick().Min(Pick()),
                2 => Pick().Max(Pick() - 1),
                3 or 4 => Pick() * Pick(),
                _ => Pick(),
            };
            result += random.Next(2) == 0 ? atom : random.Next(-4, 13) * atom;
        }

        return result;

        Dim Pick() => Symbols[random.Next(Symbols.Length)];
    }

    private static BigInteger Floor(BigInteger dividend, BigInteger divisor)
    {
        var quotient = BigInteger.DivRem(dividend, divisor, out var remainder);
        return !remainder.IsZero && (remainder.Sign < 0) != (divisor.Sign < 0) ? quotient - 1 : quotient;
    }
}
