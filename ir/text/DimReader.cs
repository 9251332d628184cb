using System.Globalization;
using Dlc.IR.Symbolic;
using Tree = Dlc.IR.Text.Generated.GraphParser;

namespace Dlc.IR.Text;

/// <summary>Builds dims from their part of a parse tree.</summary>
internal sealed class DimReader(DimContext context, GraphReader reader)
{
    public Dim Read(Tree.DimContext tree) => reader.Guarded(tree, () => ReadSum(tree));

    /// <summary>The one plain name that a dim consists of, or null: enum members and the like are read so.</summary>
    public static string? Name(Tree.DimContext tree) =>
        tree.term() is [var term] && term.factor() is [var factor] && factor.ChildCount == 1 ? factor.symbol()?.IDENT()?.GetText() : null;

    /// <summary>The one text in quotes that a dim consists of, or null.</summary>
    public static Antlr4.Runtime.IToken? Quoted(Tree.DimContext tree) =>
        tree.term() is [var term] && term.factor() is [var factor] && factor.ChildCount == 1 ? factor.symbol()?.STRING()?.Symbol : null;

    public Dim Symbol(Tree.SymbolContext tree)
    {
        var name = tree.IDENT()?.GetText() ?? reader.Unquote(tree.STRING().Symbol);
        return name.Length > 0 ? context.Symbol(name) : throw reader.Error(tree, "expected the name of a symbol, found an empty text");
    }

    private Dim ReadSum(Tree.DimContext tree)
    {
        // Signs stand between the terms; they go down to the numbers, as -2^63 has no positive counterpart.
        var terms = new List<Dim>();
        var negative = false;
        foreach (var child in tree.children)
        {
            if (child is Tree.TermContext term)
            {
                terms.Add(ReadProduct(term, negative));
            }
            else
            {
                negative = child.GetText() == "-";
            }
        }

        return terms.Count == 1 ? terms[0] : context.Sum(terms);
    }

    private Dim ReadProduct(Tree.TermContext tree, bool negative)
    {
        Dim? product = null;
        foreach (var factor in tree.factor())
        {
            var value = ReadFactor(factor, negative && product is null);
            product = product is null ? value : product * value;
        }

        return product!;
    }

    private Dim ReadFactor(Tree.FactorContext tree, bool negative)
    {
        negative ^= (tree.ChildCount - (tree.dim() is null ? 1 : 3)) % 2 == 1;
        if (tree.INT() is { } number)
        {
            return context.Const(long.TryParse((negative ? "-" : string.Empty) + number.GetText(), NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture, out var constant)
                ? constant : throw reader.Error(number.Symbol, $"expected a 64-bit integer, found {number.GetText()}"));
        }

        var value = tree.call() is { } call ? ReadCall(call) : tree.symbol() is { } symbol ? Symbol(symbol) : ReadSum(tree.dim());
        return negative ? -value : value;
    }

    private Dim ReadCall(Tree.CallContext tree)
    {
        var name = tree.IDENT().GetText();
        var arguments = tree.dim().Select(ReadSum).ToList();
        switch (name)
        {
            case "min":
                return arguments.Aggregate((a, b) => a.Min(b));
            case "max":
                return arguments.Aggregate((a, b) => a.Max(b));
            case "floordiv" or "ceildiv" or "mod" when arguments.Count != 2:
                throw reader.Error(tree, $"expected two arguments of {name}, found {arguments.Count}");
            case "floordiv":
                return arguments[0].FloorDiv(arguments[1]);
            case "ceildiv":
                return arguments[0].CeilDiv(arguments[1]);
            case "mod":
                return arguments[0].Mod(arguments[1]);
            default:
                throw reader.Error(tree, $"expected floordiv, ceildiv, mod, min or max, found '{name}'");
        }
    }
}
