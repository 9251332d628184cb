using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Onnx;

/// <summary>Something that ONNX allows and this compiler does not do. The importer collects these and reports all of them at once.</summary>
internal sealed class UnsupportedModelException(string what, string where) : DlcException(ErrorCodes.Unsupported, what, where)
{
    /// <summary>What is not supported, without the place.</summary>
    public string What { get; } = what;
}
