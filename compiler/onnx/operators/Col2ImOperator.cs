using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Col2Im: columns of blocks <c>[N, C*taps, blocks]</c> added up into an image.</summary>
internal sealed class Col2ImOperator : IOnnxOperator
{
    public string Type => "Col2Im";

    public void Import(OnnxNode node)
    {
        var (image, block) = (node.Sizes(1), node.Sizes(2));
        var rank = image.Length;
        var pads = Spatial.List(node, "pads", 2 * rank, 0);
        Dim[] all = [.. pads.Select(node.Dims.Const)];
        node.SetOutput(0, node.Emit(new Col2Im([.. image], [.. block], [.. Spatial.List(node, "strides", rank, 1)],
            [.. Spatial.List(node, "dilations", rank, 1)], [.. all[..rank]], [.. all[rank..]]), node.Input(0)));
    }
}
