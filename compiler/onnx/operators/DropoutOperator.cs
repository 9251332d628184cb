using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX Dropout. In inference the identity, with a mask of true; in training (an input since opset 12, perhaps known only at run time) each element is
/// 0 with the probability of the ratio, and the others are scaled up.
/// </summary>
internal sealed class DropoutOperator : IOnnxOperator
{
    public string Type => "Dropout";

    public void Import(OnnxNode node)
    {
        var shape = node.InputType(0).Shape;
        var isInference = !node.HasInput(2) || IsZero(node.Constant(2)) || (node.HasInput(1) && IsZero(node.Constant(1)));
        if (isInference)
        {
            node.SetOutput(0, node.Argument(0));
            if (node.HasOutput(1))
            {
                var type = node.Opset < 10 ? node.InputType(0).Element : ElementType.Bool;
                node.SetOutput(1, node.Repeated(node.Scalar(type, 1), shape));
            }

            return;
        }

        var x = node.Widened(node.Input(0));
        var ratio = node.OptionalInput(1) is { } given ? node.As(node.Shaped(given, []), x.Type.Element) : node.Scalar(x.Type.Element, 0.5);
        var isTraining = node.Shaped(node.Input(2), []);
        var number = node.As(RandomOperator.Numbers(node, shape, false), x.Type.Element);
        var isKept = node.Emit(new Or(), node.Emit(new LessOrEqual(), ratio, number), node.Emit(new Not(), isTraining));
        var scale = node.Choose(isTraining, node.Minus(1, ratio), 1);
        var y = node.Choose(isKept, node.Over(x, scale), 0);
        node.SetOutput(0, node.As(y, node.InputType(0).Element));
        if (node.HasOutput(1))
        {
            node.SetOutput(1, isKept);
        }
    }

    private static bool IsZero(Tensor? tensor) => tensor is { Count: 1 } && tensor.GetDouble(0) == 0;
}
