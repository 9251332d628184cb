using System.CommandLine;
using System.Globalization;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Cli;

/// <summary>Reads sizes in bytes as people write them.</summary>
internal static class ByteSize
{
    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("bytes", 1), ("B", 1), ("", 1),
    ];

    /// <summary>Bytes of <c>512MiB</c>, <c>1.5 GB</c> or <c>65536</c>; null where the option is not given.</summary>
    /// <exception cref="DlcException">BadOption.</exception>
    public static long? Limit(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is { } text ? Parse(option.Name, text) : null;

    /// <summary>Bytes of <c>512MiB</c>, <c>1.5 GB</c> or <c>65536</c>.</summary>
    /// <exception cref="DlcException">BadOption.</exception>
    public static long Parse(string option, string text)
    {
        var trimmed = text.AsSpan().Trim();
        foreach (var (unit, factor) in Units)
        {
            if (!trimmed.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (decimal.TryParse(trimmed[..^unit.Length].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number <= long.MaxValue / factor && number * factor >= 1)
            {
                return (long)(number * factor);
            }

            break;
        }

        throw new DlcException(ErrorCodes.BadOption, $"{option} expects a size such as 512MiB, 1.5GB or 65536 (bytes; KiB, MiB, GiB are powers of 1024, KB, MB, GB of 1000); found '{text}'");
    }
}
