using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Unique: the distinct elements, or the distinct slices along an axis, with first places, inverse and counts.</summary>
internal sealed class UniqueOperator : IOnnxOperator
{
    public string Type => "Unique";

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var axis = 0;
        if (node.HasAttribute("axis"))
        {
            axis = node.Axis(node.Int("axis"), x.Type.Rank);
        }
        else
        {
            x = node.Shaped(x, [x.Type.Shape.ElementCount(node.Dims)]);
        }

        var turned = node.Permuted(x, [axis, .. Enumerable.Range(0, x.Type.Rank).Where(a => a != axis)]);
        Dim n = x.Type.Shape[axis], width = node.Dims.Product(turned.Type.Shape.Dims[1..]);
        var found = node.EmitNode(new UniqueRows(node.Flag("sorted", true)), [node.Shaped(turned, [n, width])]).Outputs;
        var count = node.Bind(found[0], "count");
        node.Facts.Assume(count, Relation.LessOrEqual, n, $"Unique '{node.Origin}'");
        var first = node.Sliced(found[1], 0, node.Dims.Zero, count);
        node.SetOutput(0, node.Emit(new Gather(axis), x, first));
        node.SetOutput(1, first);
        node.SetOutput(2, found[2]);
        node.SetOutput(3, node.Sliced(found[3], 0, node.Dims.Zero, count));
    }
}
