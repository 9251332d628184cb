using Dlc.IR;

namespace Dlc.Compiler.Onnx;

/// <summary>An initializer that is trained.</summary>
/// <param name="Input">The graph's input that stands for it; its name is the initializer's.</param>
/// <param name="Read">Reads its value from the model, which fails where the model declares it without data.</param>
public sealed record ModelParameter(Value Input, Func<Tensor> Read)
{
    /// <summary>The initializer's name.</summary>
    public string Name => Input.Name!;
}
