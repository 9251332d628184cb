using System.Globalization;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// What the user says about one dim: <c>NAME=SPEC</c> where SPEC is a comma list of a value (<c>4</c>), a range (<c>1..512</c>, <c>1..</c>),
/// a divisor (<c>%8</c>) and likely values (<c>~128|512</c>), such as <c>seq=1..4096,%8,~128|512</c>.
/// </summary>
/// <param name="Name">The dim's name in the model, or <c>input.axis</c>.</param>
/// <param name="Minimum">Least value.</param>
/// <param name="Maximum">Greatest value.</param>
/// <param name="Divisor">It is a multiple of this; 1 says nothing.</param>
/// <param name="Likely">Values worth specialising for.</param>
public sealed record DimSpec(string Name, long Minimum, long Maximum, long Divisor, IReadOnlyList<long> Likely)
{
    /// <summary>Reads <c>NAME=SPEC</c>.</summary>
    /// <exception cref="DlcException">The text is no such thing.</exception>
    public static DimSpec Parse(string text)
    {
        // A dim's name may itself hold '=' but a spec never does.
        var equals = text.LastIndexOf('=');
        if (equals <= 0)
        {
            throw Bad(text, "it has no '='");
        }

        var (minimum, maximum, divisor, likely) = (0L, long.MaxValue, 1L, new List<long>());
        foreach (var part in text[(equals + 1)..].Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.StartsWith('%'))
            {
                divisor = Number(text, part[1..]);
                if (divisor < 1)
                {
                    throw Bad(text, "a divisor is at least 1");
                }
            }
            else if (part.StartsWith('~'))
            {
                likely.AddRange(part[1..].Split('|', StringSplitOptions.TrimEntries).Select(value => Number(text, value)));
            }
            else if (part.Split("..") is [var low, var high])
            {
                minimum = Math.Max(minimum, low.Length == 0 ? 0 : Number(text, low));
                maximum = Math.Min(maximum, high.Length == 0 ? long.MaxValue : Number(text, high));
            }
            else
            {
                var value = Number(text, part);
                (minimum, maximum) = (Math.Max(minimum, value), Math.Min(maximum, value));
            }
        }

        return minimum <= maximum ? new DimSpec(text[..equals], minimum, maximum, divisor, likely) : throw Bad(text, "no number fits it");
    }

    private static long Number(string text, string digits) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value : throw Bad(text, $"'{digits}' is not a number");

    private static DlcException Bad(string text, string why) => new(ErrorCodes.BadOption,
        $"'{text}' does not describe a dim: {why}. Expected NAME=SPEC, SPEC being a comma list of a value (4), a range (1..512), a divisor (%8) "
        + "and likely values (~128|512)");
}
