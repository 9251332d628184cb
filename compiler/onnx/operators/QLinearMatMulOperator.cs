using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX QLinearMatMul: the product of quantised matrices, quantised again. Inputs: a, its scale and zero point, b, the same, and the result's scale
/// and zero point; those of a may be one per row, those of b one per column.
/// </summary>
internal sealed class QLinearMatMulOperator : IOnnxOperator
{
    public string Type => "QLinearMatMul";

    public void Import(OnnxNode node)
    {
        var isVector = node.InputType(0).Rank == 1;
        var product = MatMulOperator.Product(node, node.Input(0), node.Input(3), (a, b) => MatMulIntegerOperator.Multiply(
            node, a, b, MatMulIntegerOperator.Zero(node, 2), MatMulIntegerOperator.Zero(node, 5)));
        var scaleA = node.Widened(node.Input(1));
        if (scaleA.Type.Rank == 1)
        {
            scaleA = scaleA.Type.Shape[0].Is(1) || isVector ? node.Shaped(scaleA, []) : node.Unsqueezed(scaleA, 1);
        }

        var scaleB = node.Widened(node.Input(4));
        if (scaleB.Type.Rank == 1 && scaleB.Type.Shape[0].Is(1))
        {
            scaleB = node.Shaped(scaleB, []);
        }

        var scale = node.Times(scaleA, scaleB);
        var y = node.Times(node.As(product, scale.Type.Element), scale);
        var scaleY = node.Shaped(node.Widened(node.Input(6)), []);
        node.SetOutput(0, Quantization.Quantize(node, y, scaleY, node.Shaped(node.Input(7), []), node.InputType(7).Element));
    }
}
