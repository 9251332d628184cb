using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Dropout in inference: the identity, with a mask of true. Training with a ratio other than 0 is not supported.</summary>
internal sealed class DropoutOperator : IOnnxOperator
{
    public string Type => "Dropout";

    public void Import(OnnxNode node)
    {
        // Since opset 12 an input says whether to train; before, the mode was not the operator's business.
        if (node.HasInput(2) && node.Constant(2) is not { Count: 1 } && !IsZero(node.Constant(1)))
        {
            throw node.Unsupported("a training mode that is not known at compile time");
        }

        if (node.HasInput(2) && !IsZero(node.Constant(2)) && !(node.HasInput(1) && IsZero(node.Constant(1))))
        {
            throw node.Unsupported("training mode");
        }

        node.SetOutput(0, node.Argument(0));
        if (node.HasOutput(1))
        {
            var type = node.Opset < 10 ? node.InputType(0).Element : ElementType.Bool;
            node.SetOutput(1, node.Repeated(node.Scalar(type, 1), node.InputType(0).Shape));
        }
    }

    private static bool IsZero(Tensor? tensor) => tensor is { Count: 1 } && tensor.GetDouble(0) == 0;
}
