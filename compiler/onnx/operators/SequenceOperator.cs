using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX SequenceEmpty, SequenceConstruct, SequenceInsert, SequenceErase, SequenceAt and SequenceLength. Sequences exist at import only: their
/// lengths and the positions in them are known there, and what is compiled are the tensors in them.
/// </summary>
internal sealed class SequenceOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        switch (type)
        {
            case "SequenceEmpty":
                node.SetOutput(0, new OnnxValue([]));
                break;
            case "SequenceConstruct":
                node.SetOutput(0, new OnnxValue([.. Enumerable.Range(0, node.InputCount).Select(node.Argument)]));
                break;
            case "SequenceInsert":
                var grown = node.Sequence(0).ToList();
                grown.Insert(Position(node, 2, grown.Count + 1, grown.Count), node.Argument(1));
                node.SetOutput(0, new OnnxValue(grown));
                break;
            case "SequenceErase":
                var rest = node.Sequence(0).ToList();
                rest.RemoveAt(Position(node, 1, rest.Count, rest.Count - 1));
                node.SetOutput(0, new OnnxValue(rest));
                break;
            case "SequenceAt":
                var items = node.Sequence(0);
                node.SetOutput(0, items[Position(node, 1, items.Count, items.Count - 1)]);
                break;
            case "SequenceLength":
                node.SetOutput(0, Tensor.Scalar(node.Sequence(0).Count));
                break;
            default:
                throw new InvalidOperationException($"unknown operator {type} on sequences");
        }
    }

    /// <summary>A position below <paramref name="end"/>, of which a negative one counts from the end of the sequence.</summary>
    private static int Position(OnnxNode node, int input, int end, int otherwise)
    {
        var position = node.HasInput(input) ? node.ConstantLongs(input) is [var given] ? given : throw node.Error("expects one position") : otherwise;
        var length = node.Sequence(0).Count;
        var place = position < 0 ? position + length : position;
        return place >= 0 && place < end ? (int)place : throw node.Error($"names position {position} of a sequence of {length}");
    }
}
