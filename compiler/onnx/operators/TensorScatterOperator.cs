using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX TensorScatter: a cache with an update written at positions of the sequence axis; from the start where none are given.</summary>
internal sealed class TensorScatterOperator : IOnnxOperator
{
    public string Type => "TensorScatter";

    public void Import(OnnxNode node)
    {
        var cache = node.Input(0);
        var start = node.OptionalInput(2) is { } given ? node.As(given, ElementType.Int64)
            : node.Repeated(node.Scalar(ElementType.Int64, 0), [cache.Type.Shape[0]]);
        var op = new TensorScatter(node.Axis(node.Int("axis", -2), cache.Type.Rank), node.String("mode", "linear") == "circular");
        node.SetOutput(0, node.Emit(op, cache, node.Input(1), start));
    }
}
