using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Peers.OnnxRuntime;

/// <summary>An input or output as the session declares it.</summary>
/// <param name="Name">The ONNX name.</param>
/// <param name="Type">Its element type; undefined where it is not a tensor.</param>
/// <param name="Dims">Its dims, -1 where unknown.</param>
public sealed record OrtPort(string Name, DataType Type, IReadOnlyList<long> Dims);
