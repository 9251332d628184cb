using System.Globalization;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Cli;

/// <summary>Reads sizes in bytes as people write them.</summary>
internal static class ByteSize
{
    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("kB", 1000), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("B", 1), ("", 1),
    ];

    /// <summary>Bytes of <c>512MiB</c>, <c>1.5GB</c> or <c>65536</c>; no limit at all for null.</summary>
    /// <exception cref="DlcException">BadOption.</exception>
    public static long ParseLimit(string? text)
    {
        if (text is null)
        {
            return long.MaxValue;
        }

        var (unit, factor) = Units.First(u => text.EndsWith(u.Unit, StringComparison.Ordinal));
        var isNumber = decimal.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number);
        return isNumber && number <= long.MaxValue / factor
            ? (long)(number * factor)
            : throw new DlcException(ErrorCodes.BadOption, $"--memory-limit expects bytes, such as 512MiB, 1.5GB or 65536; found '{text}'");
    }
}
