using System.Globalization;
using System.Text.RegularExpressions;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// A dim name that is a formula over other dims, as exporters write them: <c>past_sequence_length + sequence_length</c>, <c>2*batch</c>.
/// </summary>
internal static partial class DimExpression
{
    /// <summary>
    /// The formula as a dim: sums, differences and products of whole numbers and names. Null when the text is no formula, or mentions a name for which
    /// <paramref name="lookup"/> has no dim: then it is a name of its own.
    /// </summary>
    public static Dim? Parse(string text, DimContext dims, Func<string, Dim?> lookup)
    {
        var tokens = Token().Matches(text).Select(m => m.Value.Trim()).Where(t => t.Length > 0).ToList();
        if (tokens.Count < 3 || tokens.Count % 2 == 0 || string.Concat(tokens) != Space().Replace(text, string.Empty))
        {
            return null;
        }

        var (sum, product, sign) = (dims.Zero, (Dim?)null, 1L);
        for (var i = 0; i < tokens.Count; i++)
        {
            if (i % 2 == 0)
            {
                var factor = char.IsAsciiDigit(tokens[i][0])
                    ? long.TryParse(tokens[i], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? dims.Const(number) : null
                    : lookup(tokens[i]);
                if (factor is null)
                {
                    return null;
                }

                product = product is null ? factor : product * factor;
            }
            else if (tokens[i] is "+" or "-")
            {
                sum += product! * sign;
                (product, sign) = (null, tokens[i] == "+" ? 1 : -1);
            }
            else if (tokens[i] != "*")
            {
                return null;
            }
        }

        return product is null ? null : sum + (product * sign);
    }

    [GeneratedRegex(@"\s*([A-Za-z_][A-Za-z0-9_.]*|[0-9]+|[-+*])")]
    private static partial Regex Token();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
