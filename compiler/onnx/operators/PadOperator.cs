using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Pad: pads and value are attributes before opset 11, inputs since; opset 18 names axes.</summary>
internal sealed class PadOperator : IOnnxOperator
{
    public string Type => "Pad";

    public void Import(OnnxNode node)
    {
        var data = node.Input(0);
        var rank = data.Type.Rank;
        var mode = node.String("mode", "constant") switch
        {
            "constant" => PadMode.Constant,
            "reflect" => PadMode.Reflect,
            "edge" => PadMode.Edge,
            "wrap" => PadMode.Wrap,
            var other => throw node.Error($"expects mode constant, reflect, edge or wrap, found '{other}'"),
        };
        var pads = node.Opset < 11 ? [.. node.Ints("pads").Select(node.Dims.Const)] : node.Sizes(1);
        var axes = node.Axes(node.HasInput(3) ? node.ConstantLongs(3) : [.. Enumerable.Range(0, rank).Select(i => (long)i)], rank);
        if (pads.Length != 2 * axes.Length)
        {
            throw node.Error($"expects two pads for each of {axes.Length} axes, found {pads.Length}");
        }

        var begins = Enumerable.Repeat(node.Dims.Zero, rank).ToArray();
        var ends = begins.ToArray();
        for (var i = 0; i < axes.Length; i++)
        {
            begins[axes[i]] = pads[i];
            ends[axes[i]] = pads[i + axes.Length];
        }

        var op = new Pad(mode, [.. begins], [.. ends]);
        var value = mode != PadMode.Constant ? null
            : node.Opset < 11 ? node.Scalar(data.Type.Element, node.Float("value", 0))
            : node.OptionalInput(2) is { } given ? node.Shaped(given, []) : null;
        node.SetOutput(0, value is null ? node.Emit(op, data) : node.Emit(op, data, value));
    }
}
