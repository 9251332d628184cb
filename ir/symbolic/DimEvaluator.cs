namespace Dlc.IR.Symbolic;

/// <summary>Evaluates dims under a binding of symbols to integers: iterative, checked, and each dim once per binding.</summary>
public sealed class DimEvaluator(DimContext context)
{
    private readonly Dictionary<Dim, long> bindings = [];
    private readonly Dictionary<Dim, long> values = [];

    /// <summary>The table whose dims are evaluated.</summary>
    public DimContext Context => context;

    /// <summary>Binds a symbol; a second binding replaces the first.</summary>
    public DimEvaluator Bind(Dim symbol, long value)
    {
        context.Check(symbol);
        if (!symbol.IsSymbol)
        {
            throw new ArgumentException($"'{symbol}' is not a symbol.", nameof(symbol));
        }

        if (!bindings.TryGetValue(symbol, out var known) || known != value)
        {
            bindings[symbol] = value;
            values.Clear();
        }

        return this;
    }

    /// <summary>Binds the symbol with this name.</summary>
    public DimEvaluator Bind(string symbol, long value) => Bind(context.Symbol(symbol), value);

    /// <summary>Whether the symbol has a value.</summary>
    public bool IsBound(Dim symbol) => bindings.ContainsKey(symbol);

    /// <summary>Forgets all bindings.</summary>
    public void Clear()
    {
        bindings.Clear();
        values.Clear();
    }

    /// <summary>The value of <paramref name="dim"/>.</summary>
    /// <exception cref="InvalidOperationException">A symbol is unbound.</exception>
    /// <exception cref="OverflowException">A value leaves 64 bits.</exception>
    /// <exception cref="DivideByZeroException">A divisor is 0.</exception>
    public long Evaluate(Dim dim) => Run(dim, out var unbound)
        ?? throw new InvalidOperationException($"Symbol '{unbound}' has no value; it is needed for '{dim}'.");

    /// <summary>The value of <paramref name="dim"/>; false where a symbol is unbound, a value leaves 64 bits or a divisor is 0.</summary>
    public bool TryEvaluate(Dim dim, out long value)
    {
        value = 0;
        try
        {
            var result = Run(dim, out _);
            value = result ?? 0;
            return result is not null;
        }
        catch (ArithmeticException)
        {
            return false;
        }
    }

    private long? Run(Dim root, out Dim? unbound)
    {
        context.Check(root);
        unbound = null;
        var work = new Stack<Dim>();
        work.Push(root);
        while (work.TryPeek(out var dim))
        {
            if (values.ContainsKey(dim))
            {
                work.Pop();
                continue;
            }

            var ready = work.Count;
            foreach (var operand in dim.Operands)
            {
                Need(operand);
            }

            foreach (var term in dim.Terms)
            {
                Need(term.Monomial);
            }

            if (work.Count > ready)
            {
                continue;
            }

            if (dim.IsSymbol && !bindings.ContainsKey(dim))
            {
                unbound = dim;
                return null;
            }

            values[dim] = Compute(dim);
            work.Pop();
        }

        return values[root];

        void Need(Dim operand)
        {
            if (!values.ContainsKey(operand))
            {
                work.Push(operand);
            }
        }
    }

    private long Compute(Dim dim)
    {
        long result;
        switch (dim.Kind)
        {
            case DimKind.Constant:
                return dim.Constant;
            case DimKind.Symbol:
                return bindings[dim];
            case DimKind.FloorDiv:
                return IntegerMath.FloorDiv(values[dim.Operands[0]], values[dim.Operands[1]]);
            case DimKind.Min:
                return dim.Operands.Min(operand => values[operand]);
            case DimKind.Max:
                return dim.Operands.Max(operand => values[operand]);
            case DimKind.Product:
                result = 1;
                foreach (var operand in dim.Operands)
                {
                    result = checked(result * values[operand]);
                }

                return result;
            case DimKind.Sum:
                // Wide, so that intermediate sums do not overflow where the result fits.
                Int128 sum = dim.Constant;
                foreach (var term in dim.Terms)
                {
                    sum = checked(sum + ((Int128)term.Coefficient * values[term.Monomial]));
                }

                return checked((long)sum);
            default:
                throw new InvalidOperationException($"Unknown kind of dim: {dim.Kind}.");
        }
    }
}
