using System.Globalization;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Memory;

/// <summary>
/// Prints formulas for people: powers, quotients as floor and ceil, the padding of buffers as ceil64, and a short name for what is long and comes up again.
/// </summary>
public sealed class FormulaText
{
    private const int LongName = 12;

    private readonly Dictionary<Dim, string> _names = [];
    private readonly List<KeyValuePair<string, string>> _definitions = [];

    /// <summary>Chooses names for formulas that are printed together.</summary>
    public FormulaText(IEnumerable<FormulaPiece> pieces)
    {
        var (uses, order) = (new Dictionary<Dim, int>(), new List<Dim>());
        var all = pieces.SelectMany(p => p.Odd.Select(o => o.Key).Prepend(p.Whole)).ToList();
        all.ForEach(Count);
        var taken = all.SelectMany(SymbolSet.Of).Select(s => s.Name!).ToHashSet(StringComparer.Ordinal);
        var letter = 0;
        foreach (var atom in order.Where(a => a.IsSymbol ? a.Name!.Length > LongName : uses[a] > 1))
        {
            string name;
            do
            {
                name = letter < 26 ? ((char)('A' + letter)).ToString() : $"A{letter - 25}";
                letter++;
            }
            while (taken.Contains(name));
            _definitions.Add(new(name, Atom(atom)));
            _names.Add(atom, name);
        }

        void Count(Dim dim)
        {
            foreach (var atom in DimContext.Polynomial(dim).Terms.SelectMany(t => DimContext.Factors(t.Monomial).Distinct()))
            {
                foreach (var operand in atom.Operands)
                {
                    Count(operand);
                }

                if (!uses.TryAdd(atom, 1))
                {
                    uses[atom]++;
                }
                else
                {
                    order.Add(atom);
                }
            }
        }
    }

    /// <summary>The short names and what they stand for, each in terms of earlier ones.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Definitions => _definitions;

    /// <summary>The text of a piece.</summary>
    public string Print(FormulaPiece piece)
    {
        var odd = piece.Odd.Select(o => $"{(o.Value == 1 ? "" : $"{Number((ulong)o.Value)}*")}ceil64({Print(o.Key)})");
        return string.Join(" + ", piece.Whole.Is(0) && piece.Odd.Count > 0 ? odd : odd.Prepend(Print(piece.Whole)));
    }

    /// <summary>The text of a dim.</summary>
    public string Print(Dim dim)
    {
        var (constant, terms) = DimContext.Polynomial(dim);
        var parts = terms.Select(t => (t.Coefficient, Text: Term(t))).ToList();
        if (constant != 0 || parts.Count == 0)
        {
            parts.Add((constant, Number(Magnitude(constant))));
        }

        // A sum that begins with a minus reads badly.
        var first = parts.FindIndex(p => p.Coefficient > 0);
        if (first > 0)
        {
            (parts[0], parts[first]) = (parts[first], parts[0]);
        }

        var text = parts[0].Coefficient < 0 ? "-" + parts[0].Text : parts[0].Text;
        return text + string.Concat(parts.Skip(1).Select(p => (p.Coefficient < 0 ? " - " : " + ") + p.Text));
    }

    private string Term(DimTerm term)
    {
        var scale = Magnitude(term.Coefficient);
        var factors = DimContext.Factors(term.Monomial).GroupBy(f => f)
            .Select(g => (_names.GetValueOrDefault(g.Key) ?? Atom(g.Key)) + (g.Count() > 1 ? $"^{Number((ulong)g.Count())}" : ""));
        return string.Join('*', scale == 1 ? factors : factors.Prepend(Number(scale)));
    }

    private string Atom(Dim atom)
    {
        switch (atom.Kind)
        {
            case DimKind.Symbol:
                return atom.Name!;
            case DimKind.Min:
            case DimKind.Max:
                return $"{(atom.Kind == DimKind.Min ? "min" : "max")}({string.Join(", ", atom.Operands.Select(Print))})";
            case DimKind.FloorDiv:
                var (a, b) = (atom.Operands[0], atom.Operands[1]);
                return b.IsConstant && DimContext.Polynomial(a).Constant == b.Constant - 1
                    ? $"ceil({Operand(a - (b - 1))}/{Operand(b)})" : $"floor({Operand(a)}/{Operand(b)})";
            default:
                return $"({Print(atom)})";
        }
    }

    private string Operand(Dim dim)
    {
        var text = Print(dim);
        return text.Any(c => c is ' ' or '*' or '/') && !(dim.Kind is DimKind.Min or DimKind.Max or DimKind.FloorDiv) ? $"({text})" : text;
    }

    private static ulong Magnitude(long value) => value < 0 ? (ulong)-(value + 1) + 1 : (ulong)value;

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);
}
