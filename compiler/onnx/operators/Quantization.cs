using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>What the quantising operators share: scales per tensor, per axis or per block, rounding and saturation.</summary>
internal static class Quantization
{
    /// <summary>
    /// A scale or zero point in a form that broadcasts to <paramref name="x"/>: a scalar stays, a vector stands along the axis, and with blocks each
    /// number is repeated for the elements of its block.
    /// </summary>
    public static Value Spread(OnnxNode node, Value parameter, Value x, long axis, long blockSize)
    {
        if (parameter.Type.Rank == 0 || (parameter.Type.Rank == 1 && parameter.Type.Shape[0].Is(1) && blockSize == 0))
        {
            return node.Shaped(parameter, []);
        }

        var along = node.Axis(axis, x.Type.Rank);
        if (blockSize == 0)
        {
            return node.Along(parameter, along, x.Type.Rank);
        }

        var shape = parameter.Type.Shape;
        var block = node.Dims.Const(blockSize);
        var repeated = node.Repeated(node.Unsqueezed(parameter, along + 1),
            new Shape([.. shape.Dims[..(along + 1)], block, .. shape.Dims[(along + 1)..]]));
        var merged = node.Shaped(repeated, shape.With(along, shape[along] * blockSize));
        return node.Sliced(merged, along, node.Dims.Zero, x.Type.Shape[along]);
    }

    /// <summary><c>saturate(round(x / scale) + zero)</c>, halves to even; the operands broadcast.</summary>
    public static Value Quantize(OnnxNode node, Value x, Value scale, Value? zero, ElementType type)
    {
        var rounded = node.Emit(new Round(), node.Over(x, scale));
        var shifted = zero is null ? rounded : node.Plus(rounded, node.As(zero, x.Type.Element));

        // Casts from floats saturate.
        return node.As(shifted, type);
    }
}
