namespace Dlc.IR.Diagnostics;

/// <summary>
/// An error that the user can act on: a stable <see cref="Code"/> (<c>DLC1001</c>), where it is (ONNX node, file or text position), what was
/// expected and what was found.
/// </summary>
public class DlcException : Exception
{
    public DlcException(string code, string message, string? where = null, Exception? inner = null)
        : base(where is null ? message : $"{where}: {message}", inner)
    {
        Code = code;
        Where = where;
    }

    public string Code { get; }

    /// <summary>The ONNX node, file or text position, where one is known.</summary>
    public string? Where { get; }
}
