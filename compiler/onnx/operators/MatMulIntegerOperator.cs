using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX MatMulInteger: <c>(A - a_zero) * (B - b_zero)</c> of 8-bit integers, summed in i32.</summary>
internal sealed class MatMulIntegerOperator : IOnnxOperator
{
    public string Type => "MatMulInteger";

    public void Import(OnnxNode node) => node.SetOutput(0, MatMulOperator.Product(
        node, node.Input(0), node.Input(1), (a, b) => Multiply(node, a, b, Zero(node, 2), Zero(node, 3))));

    /// <summary>A zero point; null where it is left out or known to be 0.</summary>
    public static Value? Zero(OnnxNode node, int input)
    {
        var constant = node.Constant(input);
        var isZero = constant is not null && Enumerable.Range(0, (int)constant.Count).All(i => constant.GetLong(i) == 0);
        return isZero ? null : node.OptionalInput(input);
    }

    /// <summary>
    /// The product of 8-bit matrices less their zero points, as a product of the raw numbers and corrections by sums of rows and columns:
    /// <c>A*B - a_zero*columns(B) - rows(A)*b_zero + K*a_zero*b_zero</c>. A zero point of A is a scalar or one per row, one of B a scalar or one per
    /// column.
    /// </summary>
    public static Value Multiply(OnnxNode node, Value a, Value b, Value? zeroA, Value? zeroB)
    {
        Value Int(Value x) => node.As(x, ElementType.Int32);

        // A list of zero points of A stands along the rows: [M] as [M, 1]; those of B along the columns already.
        zeroA = zeroA is null ? null : Int(zeroA.Type.Rank == 1 && !zeroA.Type.Shape[0].Is(1) ? node.Unsqueezed(zeroA, 1) : zeroA);
        zeroB = zeroB is null ? null : Int(zeroB);
        var product = node.Emit(new MatMul(ElementType.Int32), a, b);
        if (zeroA is not null)
        {
            product = node.Minus(product, node.Times(zeroA, node.Sum(Int(b), b.Type.Rank - 2)));
        }

        if (zeroB is not null)
        {
            product = node.Minus(product, node.Times(node.Sum(Int(a), a.Type.Rank - 1), zeroB));
        }

        return zeroA is null || zeroB is null
            ? product
            : node.Plus(product, node.Times(node.Times(zeroA, zeroB), node.Number(a.Type.Shape[^1], ElementType.Int32)));
    }
}
