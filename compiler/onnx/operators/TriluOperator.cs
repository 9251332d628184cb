using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Trilu: the upper or lower triangle of the last two axes from diagonal k on, 0 elsewhere.</summary>
internal sealed class TriluOperator : IOnnxOperator
{
    public string Type => "Trilu";

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        if (x.Type.Rank < 2)
        {
            throw node.Error($"expects matrices, found {x.Type}");
        }

        var diagonal = node.OptionalInput(1) is { } k ? node.Shaped(k, []) : node.Scalar(ElementType.Int64, 0);
        var row = node.Emit(new Iota(ElementType.Int64, [x.Type.Shape[^2], node.Dims.One], 0));
        var column = node.Emit(new Iota(ElementType.Int64, [x.Type.Shape[^1]], 0));
        var limit = node.Plus(row, diagonal);
        var isKept = node.Flag("upper", true) ? node.Emit(new LessOrEqual(), limit, column) : node.Emit(new LessOrEqual(), column, limit);
        node.SetOutput(0, node.Choose(isKept, x, 0));
    }
}
