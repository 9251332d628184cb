namespace Dlc.Runtime;

/// <summary>
/// Something that the user of the runtime can mend: a file that is no executable, an input of the wrong shape, a broken guard. The
/// session that threw it stays usable.
/// </summary>
public sealed class DlcRuntimeException : Exception
{
    public DlcRuntimeException(string code, string message, string? expected = null, string? found = null, string? origin = null)
        : base(Compose(code, message, expected, found, origin))
    {
        Code = code;
        Expected = expected;
        Found = found;
        Origin = origin;
    }

    /// <summary>Stable code, one of <see cref="RuntimeErrors"/>.</summary>
    public string Code { get; }

    /// <summary>What was expected, in words; null where the message says it all.</summary>
    public string? Expected { get; }

    /// <summary>What was found, in words.</summary>
    public string? Found { get; }

    /// <summary>ONNX node, or null.</summary>
    public string? Origin { get; }

    private static string Compose(string code, string message, string? expected, string? found, string? origin)
    {
        string text = $"{code}: {message}";
        if (expected is not null)
        {
            text += $"; expected {expected}";
        }

        if (found is not null)
        {
            text += expected is null ? $"; found {found}" : $", found {found}";
        }

        return string.IsNullOrEmpty(origin) ? text : $"{text} (node {origin})";
    }
}
