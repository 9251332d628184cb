using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX ConvInteger: a convolution of 8-bit integers less their zero points, summed in i32.</summary>
internal sealed class ConvIntegerOperator : IOnnxOperator
{
    public string Type => "ConvInteger";

    public void Import(OnnxNode node) =>
        node.SetOutput(0, Convolve(node, node.Input(0), node.Input(1), MatMulIntegerOperator.Zero(node, 2), MatMulIntegerOperator.Zero(node, 3)));

    /// <summary>
    /// The convolution of numbers less their zero points; that of the weights is a scalar or one per output channel. Padding stands for the input's zero point,
    /// so it is subtracted before.
    /// </summary>
    public static Value Convolve(OnnxNode node, Value x, Value w, Value? zeroX, Value? zeroW)
    {
        Value Int(Value v) => node.As(v, ElementType.Int32);
        if (zeroX is not null || zeroW is not null)
        {
            x = zeroX is null ? Int(x) : node.Minus(Int(x), Int(node.Shaped(zeroX, [])));
            w = zeroW is null ? Int(w) : node.Minus(Int(w), Int(PerChannel(node, zeroW, 0, w.Type.Rank)));
        }

        return ConvOperator.Convolve(node, x, w, ElementType.Int32);
    }

    /// <summary>A scalar, or a vector along an axis of a tensor of a rank.</summary>
    public static Value PerChannel(OnnxNode node, Value parameter, int axis, int rank) =>
        parameter.Type.Rank == 0 || parameter.Type.Shape[0].Is(1) ? node.Shaped(parameter, []) : node.Along(parameter, axis, rank);
}
