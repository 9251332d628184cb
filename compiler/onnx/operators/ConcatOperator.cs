namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Concat.</summary>
internal sealed class ConcatOperator : IOnnxOperator
{
    public string Type => "Concat";

    public void Import(OnnxNode node)
    {
        var axis = node.Axis(node.Int("axis"), node.InputType(0).Rank);
        var parts = Enumerable.Range(0, node.InputCount).Where(i => i == 0 || !node.InputType(i).Shape[axis].Is(0)).ToList();
        if (parts.Count == 1)
        {
            node.SetOutput(0, node.Argument(0));
            return;
        }

        node.SetOutput(0, node.Joined(axis, [.. parts.Select(node.Input)]));
    }
}
