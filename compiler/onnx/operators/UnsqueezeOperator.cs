namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Unsqueeze: new axes of extent 1, numbered as in the result. Axes are an input since opset 13.</summary>
internal sealed class UnsqueezeOperator : IOnnxOperator
{
    public string Type => "Unsqueeze";

    public void Import(OnnxNode node)
    {
        if (node.HasInput(1) && node.Constant(1) is null)
        {
            var input = node.Input(0);
            var axes = RuntimeAxes.Read(node, 1, input.Type.Rank + node.ElementCount(1));
            node.SetOutput(0, node.Shaped(input, RuntimeAxes.With(node, input.Type.Shape, axes)));
            return;
        }

        var given = node.ConstantLongs("axes", 1) ?? throw node.Error("needs axes");
        if (given.Length == 0)
        {
            node.SetOutput(0, node.Argument(0));
            return;
        }

        node.SetOutput(0, node.Unsqueezed(node.Input(0), node.Axes(given, node.InputType(0).Rank + given.Length)));
    }
}
