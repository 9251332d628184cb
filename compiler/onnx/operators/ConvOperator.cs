using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Conv: <c>x [N, C, spatial...]</c> with <c>w [M, C/group, kernel...]</c> and an optional bias <c>[M]</c>.</summary>
internal sealed class ConvOperator : IOnnxOperator
{
    public string Type => "Conv";

    public void Import(OnnxNode node)
    {
        var type = node.InputType(0).Element;
        var accumulator = type is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : type;
        var y = Convolve(node, node.Input(0), node.Input(1), accumulator);
        node.SetOutput(0, node.As(Biased(node, y, node.OptionalInput(2)), type));
    }

    /// <summary>The convolution that the node's attributes describe, in the accumulator's type.</summary>
    public static Value Convolve(OnnxNode node, Value x, Value w, ElementType accumulator)
    {
        if (w.Type.Rank != x.Type.Rank)
        {
            throw node.Error($"expects input and weights of one rank, found {x.Type} and {w.Type}");
        }

        var spatial = Spatial.Read(node, x.Type.Shape, w.Type.Shape.Dims[2..]);
        return node.Emit(new Conv(spatial.Strides, spatial.Dilations, spatial.PadsBegin, spatial.PadsEnd, node.Int("group", 1), accumulator), x, w);
    }

    /// <summary>Adds a bias <c>[M]</c> per channel, where there is one.</summary>
    public static Value Biased(OnnxNode node, Value y, Value? bias) =>
        bias is null ? y : node.Plus(y, node.Along(node.As(bias, y.Type.Element), 1, y.Type.Rank));
}
