using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX MatMul with numpy's rule for vectors: a vector is a row on the left and a column on the right, and leaves no axis.</summary>
internal sealed class MatMulOperator : IOnnxOperator
{
    public string Type => "MatMul";

    public void Import(OnnxNode node) => node.SetOutput(0, Product(node, node.Input(0), node.Input(1), node.Multiplied));

    /// <summary>Applies a product of matrices to operands that may be vectors.</summary>
    public static Value Product(OnnxNode node, Value a, Value b, Func<Value, Value, Value> multiply)
    {
        if (a.Type.Rank == 0 || b.Type.Rank == 0)
        {
            throw node.Error($"expects vectors or matrices, found {a.Type} and {b.Type}");
        }

        var (isRow, isColumn) = (a.Type.Rank == 1, b.Type.Rank == 1);
        var product = multiply(isRow ? node.Unsqueezed(a, 0) : a, isColumn ? node.Unsqueezed(b, 1) : b);
        var rank = product.Type.Rank;
        int[] dropped = [.. isRow ? [rank - 2] : Array.Empty<int>(), .. isColumn ? [rank - 1] : Array.Empty<int>()];
        return node.Squeezed(product, dropped);
    }
}
