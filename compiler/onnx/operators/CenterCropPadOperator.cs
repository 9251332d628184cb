using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX CenterCropPad: cuts or pads with 0 at both ends of axes, to given extents; of an odd number the end takes one more.</summary>
internal sealed class CenterCropPadOperator : IOnnxOperator
{
    public string Type => "CenterCropPad";

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var rank = x.Type.Rank;
        var axes = node.Axes(node.IntsOrNull("axes") ?? [.. Enumerable.Range(0, rank).Select(i => (long)i)], rank);
        var targets = node.TargetShape(1).Dims;
        if (targets.Length != axes.Length)
        {
            throw node.Error($"expects an extent for each of {axes.Length} axes, found {targets.Length}");
        }

        var begins = Enumerable.Repeat(node.Dims.Zero, rank).ToArray();
        var ends = begins.ToArray();
        for (var i = 0; i < axes.Length; i++)
        {
            var (extent, target) = (x.Type.Shape[axes[i]], targets[i]);
            var (more, less) = ((target - extent).Max(0), (extent - target).Max(0));
            begins[axes[i]] = more.FloorDiv(2) - less.FloorDiv(2);
            ends[axes[i]] = target - extent - begins[axes[i]];
        }

        node.SetOutput(0, node.Emit(new Pad(PadMode.Constant, [.. begins], [.. ends]), x));
    }
}
