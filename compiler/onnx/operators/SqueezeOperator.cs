namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Squeeze: without the named axes of extent 1, or without all dims that are the number 1. Axes are an input since opset 13.</summary>
internal sealed class SqueezeOperator : IOnnxOperator
{
    public string Type => "Squeeze";

    public void Import(OnnxNode node)
    {
        var shape = node.InputType(0).Shape;
        if (node.HasInput(1) && node.Constant(1) is null)
        {
            var input = node.Input(0);
            node.SetOutput(0, node.Shaped(input, RuntimeAxes.Without(node, shape, RuntimeAxes.Read(node, 1, shape.Rank))));
            return;
        }

        var axes = node.ConstantLongs("axes", 1) is { } given
            ? node.Axes(given, shape.Rank)
            : [.. Enumerable.Range(0, shape.Rank).Where(axis => shape[axis].Is(1))];
        foreach (var axis in axes)
        {
            node.RequireEqual(shape[axis], node.Dims.One, $"axis {axis} of {shape}");
        }

        if (axes.Length == 0)
        {
            node.SetOutput(0, node.Argument(0));
            return;
        }

        node.SetOutput(0, node.Squeezed(node.Input(0), axes));
    }
}
