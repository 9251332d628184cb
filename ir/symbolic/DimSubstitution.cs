namespace Dlc.IR.Symbolic;

/// <summary>Replaces dims (symbols or other atoms) inside expressions: iterative, and each dim once.</summary>
public sealed class DimSubstitution
{
    private readonly Dictionary<Dim, Dim> results;

    /// <summary>A substitution within <paramref name="target"/>, or from another context into it.</summary>
    /// <param name="target">The context of the results.</param>
    /// <param name="replacements">What to replace; symbols that are not named are kept by name.</param>
    public DimSubstitution(DimContext target, IEnumerable<KeyValuePair<Dim, Dim>>? replacements = null)
    {
        Target = target;
        results = replacements is null ? [] : new Dictionary<Dim, Dim>(replacements);
    }

    /// <summary>The context of the results.</summary>
    public DimContext Target { get; }

    /// <summary><paramref name="root"/> with the replacements made, in canonical form.</summary>
    public Dim Apply(Dim root)
    {
        var work = new Stack<Dim>();
        work.Push(root);
        while (work.TryPeek(out var dim))
        {
            if (results.ContainsKey(dim))
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

            if (work.Count == ready)
            {
                results[dim] = Rebuild(dim);
                work.Pop();
            }
        }

        return results[root];

        void Need(Dim operand)
        {
            if (!results.ContainsKey(operand))
            {
                work.Push(operand);
            }
        }
    }

    private Dim Rebuild(Dim dim)
    {
        if (ReferenceEquals(dim.Context, Target) && dim.Operands.All(Same) && dim.Terms.All(term => Same(term.Monomial)))
        {
            return dim;
        }

        switch (dim.Kind)
        {
            case DimKind.Constant:
                return Target.Const(dim.Constant);
            case DimKind.Symbol:
                return Target.Symbol(dim.Name!);
            case DimKind.FloorDiv:
                return results[dim.Operands[0]].FloorDiv(results[dim.Operands[1]]);
            case DimKind.Min or DimKind.Max:
                return DimExtremum.Create(Target, dim.Kind, dim.Operands.Select(operand => results[operand]));
            case DimKind.Product:
                return Target.Product(dim.Operands.Select(operand => results[operand]));
            case DimKind.Sum:
                var builder = new PolynomialBuilder(Target);
                builder.AddTerm(Target.One, dim.Constant);
                foreach (var term in dim.Terms)
                {
                    builder.Add(results[term.Monomial], term.Coefficient);
                }

                return builder.ToDim();
            default:
                throw new InvalidOperationException($"Unknown kind of dim: {dim.Kind}.");
        }
    }

    private bool Same(Dim operand) => ReferenceEquals(results[operand], operand);
}
