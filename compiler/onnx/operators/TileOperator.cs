using Dlc.IR;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Tile: the input over and over, a number of times along each axis.</summary>
internal sealed class TileOperator : IOnnxOperator
{
    public string Type => "Tile";

    public void Import(OnnxNode node)
    {
        var shape = node.InputType(0).Shape;
        var repeats = node.TargetShape(1).Dims;
        if (repeats.Length != shape.Rank)
        {
            throw node.Error($"expects a number of repeats for each axis of {shape}, found {repeats.Length}");
        }

        // [d] repeated r times is [1, d] broadcast to [r, d] and merged; an axis of extent 1 needs no second one.
        List<Dim> split = [], spread = [], merged = [];
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            if (!repeats[axis].Is(1))
            {
                split.Add(node.Dims.One);
                spread.Add(repeats[axis]);
            }

            if (!shape[axis].Is(1) || repeats[axis].Is(1))
            {
                split.Add(shape[axis]);
                spread.Add(shape[axis]);
            }

            merged.Add(shape[axis] * repeats[axis]);
        }

        var repeated = node.Repeated(node.Shaped(node.Input(0), new Shape([.. split])), new Shape([.. spread]));
        node.SetOutput(0, node.Shaped(repeated, new Shape([.. merged])));
    }
}
