using Dlc.IR;

namespace Dlc.Compiler.Onnx;

/// <summary>An imported model whose parameters are inputs of its graph.</summary>
/// <param name="Module">The graph.</param>
/// <param name="Parameters">In the order of the model's initializers.</param>
public sealed record TrainableModel(Module Module, IReadOnlyList<ModelParameter> Parameters);
