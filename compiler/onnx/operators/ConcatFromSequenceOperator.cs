using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX ConcatFromSequence: joins the tensors of a sequence along an axis, with <c>new_axis</c> one that they do not have yet.</summary>
internal sealed class ConcatFromSequenceOperator : IOnnxOperator
{
    public string Type => "ConcatFromSequence";

    public void Import(OnnxNode node)
    {
        Value[] parts = [.. node.Sequence(0).Select(item => item.Value)];
        if (parts.Length == 0)
        {
            throw node.Error("joins a sequence without tensors");
        }

        var isNew = node.Flag("new_axis");
        var axis = node.Axis(node.Int("axis"), parts[0].Type.Rank + (isNew ? 1 : 0));
        parts = isNew ? [.. parts.Select(part => node.Unsqueezed(part, axis))] : parts;
        node.SetOutput(0, parts.Length == 1 ? parts[0] : node.Joined(axis, parts));
    }
}
