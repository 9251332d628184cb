using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX ConstantOfShape: one number, repeated to a shape that is known or data.</summary>
internal sealed class ConstantOfShapeOperator : IOnnxOperator
{
    public string Type => "ConstantOfShape";

    public void Import(OnnxNode node)
    {
        var value = node.TensorOrNull("value") ?? new Tensor(ElementType.Float32, 1);
        if (value.Count != 1)
        {
            throw node.Error($"expects a value of one element, found {value.Count}");
        }

        node.SetOutput(0, node.Emit(new Broadcast(node.TargetShape(0)), node.Emit(value.Reshape())));
    }
}
