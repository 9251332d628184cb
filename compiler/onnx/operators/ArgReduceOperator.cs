using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX ArgMax and ArgMin.</summary>
internal sealed class ArgReduceOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var axis = node.Axis(node.Int("axis", 0), x.Type.Rank);
        var y = node.Emit(new ArgReduce(axis, type == "ArgMin", node.Flag("select_last_index")), x);
        node.SetOutput(0, node.Flag("keepdims", true) ? y : node.Squeezed(y, axis));
    }
}
