using Dlc.Compiler.Onnx.Proto;

namespace Dlc.Compiler.Onnx;

/// <summary>What a function call (or the model itself) fixes for the nodes of its body.</summary>
/// <param name="Opsets">The version of each operator set that the body is written in, by domain; ONNX's own is the empty one.</param>
/// <param name="Attributes">Values for attributes that nodes of the body take from the call.</param>
/// <param name="Prefix">Goes before node names in origins and messages; empty in the model itself.</param>
/// <param name="Calls">The functions that are being inlined, outermost first.</param>
internal sealed record ImportFrame(
    IReadOnlyDictionary<string, long> Opsets, IReadOnlyDictionary<string, AttributeProto> Attributes, string Prefix, IReadOnlyList<string> Calls)
{
    /// <summary>A body's operator sets by domain, with the alias of ONNX's own domain folded in.</summary>
    public static Dictionary<string, long> ReadOpsets(IEnumerable<OperatorSetIdProto> imports)
    {
        var opsets = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var import in imports)
        {
            opsets[Domain(import.Domain)] = import.Version;
        }

        return opsets;
    }

    /// <summary>A domain under its shortest name.</summary>
    public static string Domain(string domain) => domain == "ai.onnx" ? string.Empty : domain;
}
