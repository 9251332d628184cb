using System.Globalization;
using System.Text;

namespace Dlc.IR.Symbolic;

/// <summary>Prints dims.</summary>
internal static class DimText
{
    public static string Print(Dim dim)
    {
        var text = new StringBuilder();
        var work = new Stack<object>();
        work.Push(dim);
        while (work.TryPop(out var item))
        {
            if (item is string piece)
            {
                text.Append(piece);
                continue;
            }

            var node = (Dim)item;
            switch (node.Kind)
            {
                case DimKind.Constant:
                    text.Append(node.Constant.ToString(CultureInfo.InvariantCulture));
                    break;
                case DimKind.Symbol:
                    text.Append(QuoteName(node.Name!));
                    break;
                case DimKind.Product:
                    PushList(work, node, "*", string.Empty);
                    break;
                case DimKind.Sum:
                    PushSum(work, node);
                    break;
                case DimKind.FloorDiv:
                    text.Append("floordiv(");
                    PushList(work, node, ", ", ")");
                    break;
                case DimKind.Min:
                    text.Append("min(");
                    PushList(work, node, ", ", ")");
                    break;
                case DimKind.Max:
                    text.Append("max(");
                    PushList(work, node, ", ", ")");
                    break;
                default:
                    throw new InvalidOperationException($"Unknown kind of dim: {node.Kind}.");
            }
        }

        return text.ToString();
    }

    /// <summary>Words that the grammar in ir/text/Graph.g4 takes for itself.</summary>
    private static bool IsReserved(string name) => name is "min" or "max" or "floordiv" or "ceildiv" or "mod"
        or "module" or "symbol" or "fact" or "from" or "guard" or "because" or "likely" or "in" or "outputs" or "counters" or "graph"
        or "return" or "dense" or "resource" or "facts" or "order";

    /// <summary>A symbol's name as the parser reads it: as it is where it is an identifier, else quoted.</summary>
    public static string QuoteName(string name)
    {
        var plain = !IsReserved(name) && (char.IsAsciiLetter(name[0]) || name[0] == '_')
            && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');
        if (plain)
        {
            return name;
        }

        return Quote(name);
    }

    /// <summary>A text in quotes, on one line.</summary>
    public static string Quote(string name)
    {
        var text = new StringBuilder("\"");
        for (var i = 0; i < name.Length; i++)
        {
            var letter = name[i];
            if (i + 1 < name.Length && char.IsSurrogatePair(name[i], name[i + 1]))
            {
                text.Append(letter).Append(name[++i]);
                continue;
            }

            _ = letter switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                < ' ' or '\u007f' or (>= '\ud800' and <= '\udfff') or '\u0085' or '\u2028' or '\u2029'
                    => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"),
                _ => text.Append(letter),
            };
        }

        return text.Append('"').ToString();
    }

    private static void PushList(Stack<object> work, Dim node, string separator, string end)
    {
        work.Push(end);
        for (var i = node.Operands.Length - 1; i >= 0; i--)
        {
            work.Push(node.Operands[i]);
            if (i > 0)
            {
                work.Push(separator);
            }
        }
    }

    private static void PushSum(Stack<object> work, Dim node)
    {
        if (node.Constant != 0)
        {
            work.Push(Signed(node.Constant, first: false));
        }

        for (var i = node.Terms.Length - 1; i >= 0; i--)
        {
            var (coefficient, monomial) = node.Terms[i];
            work.Push(monomial);
            work.Push(coefficient switch
            {
                1 => i == 0 ? string.Empty : " + ",
                -1 => i == 0 ? "-" : " - ",
                _ => Signed(coefficient, i == 0) + "*",
            });
        }
    }

    private static string Signed(long value, bool first)
    {
        var digits = value.ToString(CultureInfo.InvariantCulture);
        return first ? digits : value < 0 ? " - " + digits[1..] : " + " + digits;
    }
}
