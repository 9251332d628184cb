using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX NonZero: the coordinates of elements that are not 0, <c>[rank, count]</c>; a scalar counts as one element of a vector.</summary>
internal sealed class NonZeroOperator : IOnnxOperator
{
    public string Type => "NonZero";

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        x = x.Type.Rank == 0 ? node.Unsqueezed(x, 0) : x;
        node.SetOutput(0, node.Emit(new Unravel(x.Type.Shape), Positions(node, node.As(x, ElementType.Bool))));
    }

    /// <summary>The row-major positions of the true elements of a bool tensor, whose number is bound at run time.</summary>
    public static Value Positions(OnnxNode node, Value isSet)
    {
        var ones = node.As(isSet, ElementType.Int64);
        var count = node.Shaped(node.Sum(ones, Enumerable.Range(0, isSet.Type.Rank)), []);
        var symbol = node.Bind(count, "count");
        var total = isSet.Type.Shape.ElementCount(node.Dims);
        if (total.IsConstant)
        {
            node.Facts.AssumeRange(symbol, 0, total.Constant, $"{node.Type} '{node.Origin}'");
        }
        else
        {
            node.Facts.Assume(symbol, Relation.LessOrEqual, total, $"{node.Type} '{node.Origin}'");
        }

        return node.Emit(new NonZeroPositions(symbol), isSet);
    }
}
