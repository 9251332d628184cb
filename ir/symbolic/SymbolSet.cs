namespace Dlc.IR.Symbolic;

/// <summary>Finds the symbols that an expression mentions.</summary>
public static class SymbolSet
{
    /// <summary>Every symbol within <paramref name="root"/>, once each, in a deterministic order.</summary>
    public static IReadOnlyList<Dim> Of(Dim root)
    {
        if (root.IsSymbol)
        {
            return [root];
        }

        var found = new List<Dim>();
        var seen = new HashSet<Dim> { root };
        var work = new Stack<Dim>();
        work.Push(root);
        while (work.TryPop(out var dim))
        {
            if (dim.IsSymbol)
            {
                found.Add(dim);
            }

            foreach (var operand in dim.Operands)
            {
                if (seen.Add(operand))
                {
                    work.Push(operand);
                }
            }

            foreach (var term in dim.Terms)
            {
                if (seen.Add(term.Monomial))
                {
                    work.Push(term.Monomial);
                }
            }
        }

        return found;
    }

    /// <summary>Whether <paramref name="root"/> mentions <paramref name="symbol"/>.</summary>
    public static bool Mentions(Dim root, Dim symbol) => Of(root).Contains(symbol);
}
