using System.Globalization;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Cli;

/// <summary>Reads <c>batch=4,seq=77</c>.</summary>
internal static class DimAssignments
{
    /// <summary>Sizes by name, in the order given.</summary>
    /// <exception cref="DlcException">BadOption.</exception>
    public static Dictionary<string, long> Parse(IEnumerable<string> texts)
    {
        var result = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var part in texts.SelectMany(t => t.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            var equals = part.LastIndexOf('=');
            if (equals <= 0 || !long.TryParse(part.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var size))
            {
                throw new DlcException(ErrorCodes.BadOption, $"--dims expects NAME=N with N from 0 on, joined by commas; found '{part}'");
            }

            if (!result.TryAdd(part[..equals], size) && result[part[..equals]] != size)
            {
                throw new DlcException(ErrorCodes.BadOption, $"--dims gives '{part[..equals]}' two sizes, {result[part[..equals]]} and {size}");
            }
        }

        return result;
    }
}
