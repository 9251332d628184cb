using System.Globalization;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Cli;

/// <summary>Where the random values of an input lie: from <paramref name="Low"/> (included) to <paramref name="High"/> (not included).</summary>
internal sealed record FillRange(double Low, double High)
{
    /// <summary>Reads <c>NAME=range(a,b)</c> for each input.</summary>
    /// <exception cref="DlcException">BadOption.</exception>
    public static Dictionary<string, FillRange> Parse(IEnumerable<string> texts)
    {
        var result = new Dictionary<string, FillRange>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var equals = text.LastIndexOf("=range(", StringComparison.Ordinal);
            var numbers = equals > 0 && text.EndsWith(')') ? text[(equals + "=range(".Length)..^1].Split(',') : [];
            if (numbers.Length != 2 || !TryNumber(numbers[0], out var low) || !TryNumber(numbers[1], out var high) || !(low < high))
            {
                throw new DlcException(ErrorCodes.BadOption, $"--fill expects NAME=range(a,b) with a below b; found '{text}'");
            }

            result[text[..equals]] = new FillRange(low, high);
        }

        return result;
    }

    private static bool TryNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
}
