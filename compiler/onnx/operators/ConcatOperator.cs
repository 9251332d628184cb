namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Concat.</summary>
internal sealed class ConcatOperator : IOnnxOperator
{
    public string Type => "Concat";

    public void Import(OnnxNode node)
    {
        var rank = node.InputType(0).Rank;
        var axis = node.Axis(node.Int("axis"), rank);
        if (Enumerable.Range(0, node.InputCount).FirstOrDefault(i => node.InputType(i).Rank != rank) is > 0 and var other)
        {
            throw node.Error($"expects inputs of one rank, found {node.InputType(0)} and {node.InputType(other)}");
        }

        var parts = Enumerable.Range(0, node.InputCount).Where(i => i == 0 || !node.InputType(i).Shape[axis].Is(0)).ToList();
        if (parts.Count == 1)
        {
            node.SetOutput(0, node.Argument(0));
            return;
        }

        node.SetOutput(0, node.Joined(axis, [.. parts.Select(node.Input)]));
    }
}
