using Dlc.Compiler.Onnx.Proto;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// The branches of an If give tensors of different ranks, so that the nodes after it mean something else in each: the rest of the graph is to be
/// imported once for each branch.
/// </summary>
internal sealed class SplitNodeException(OnnxNode node, GraphProto then, GraphProto otherwise) : Exception
{
    public OnnxNode Node { get; } = node;

    public GraphProto Then { get; } = then;

    public GraphProto Otherwise { get; } = otherwise;
}
