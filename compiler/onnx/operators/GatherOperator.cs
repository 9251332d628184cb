using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Gather: slices along an axis at indices. One index that is known is a slice, which costs no look-up.</summary>
internal sealed class GatherOperator : IOnnxOperator
{
    public string Type => "Gather";

    public void Import(OnnxNode node)
    {
        var shape = node.InputType(0).Shape;
        var axis = node.Axis(node.Int("axis", 0), shape.Rank);
        if (node.InputType(1).Rank <= 1 && node.KnownDim(1) is { } index && Inside(node, index, shape[axis]) is { } start)
        {
            var slice = node.Sliced(node.Input(0), axis, start, node.Dims.One);
            node.SetOutput(0, node.InputType(1).Rank == 0 ? node.Squeezed(slice, axis) : slice);
            return;
        }

        node.SetOutput(0, node.Emit(new Gather(axis), node.Input(0), node.Input(1)));
    }

    /// <summary>The index counted from the front, where it is sure to lie inside.</summary>
    private static Dim? Inside(OnnxNode node, Dim index, Dim extent)
    {
        var front = node.Facts.ProveLess(index, 0) == Proof.True ? index + extent : index;

        // A constant index needs no proof: with a shorter axis the model is wrong, and the guard says so.
        if (index.IsConstant)
        {
            node.Require(node.Dims.Zero, Relation.LessOrEqual, front, "the index should lie inside its axis");
            node.Require(front, Relation.Less, extent, "the index should lie inside its axis");
            return front;
        }

        return node.Facts.ProveLessOrEqual(node.Dims.Zero, front) == Proof.True && node.Facts.ProveLess(front, extent) == Proof.True
            ? front : null;
    }
}
