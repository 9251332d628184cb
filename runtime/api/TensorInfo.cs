using Dlc.Runtime.Format;

namespace Dlc.Runtime;

/// <summary>An input or output of a model.</summary>
/// <param name="Name">Exact ONNX name.</param>
/// <param name="Type">Element type.</param>
/// <param name="Dims">Each dim as text: a number, a symbol (<c>batch</c>) or an expression (<c>2*seq + 1</c>).</param>
public sealed record TensorInfo(string Name, ScalarType Type, IReadOnlyList<string> Dims)
{
    /// <summary><c>f32[batch,seq,768]</c>.</summary>
    public string Shape => $"{Type.Name()}[{string.Join(',', Dims)}]";

    public override string ToString() => $"{Name}: {Shape}";
}
