using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.IO;

/// <summary>Exact conversions from the element types that only ONNX has to ones that every program knows.</summary>
public static class Widening
{
    private static readonly float[] Float4 = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6];

    /// <summary>The same values as float32 (bfloat16, 8- and 4-bit floats), int8 or uint8 (4- and 2-bit integers); other types unchanged.</summary>
    public static TensorData ToPlain(TensorData tensor)
    {
        var type = tensor.Type;
        if (type is DataType.Int4 or DataType.Int2)
        {
            var bits = OnnxElementTypes.Bits(type);
            return Convert(tensor, i => (sbyte)((sbyte)(Packed(tensor, i) << (8 - bits)) >> (8 - bits)));
        }

        if (type is DataType.Uint4 or DataType.Uint2)
        {
            return Convert(tensor, i => (byte)Packed(tensor, i));
        }

        return OnnxElementTypes.IsFloat(type) && type is not (DataType.Float or DataType.Double or DataType.Float16)
            ? Convert(tensor, i => Value(tensor, i))
            : tensor;
    }

    // The value of element i of a float type that .NET does not have.
    private static float Value(TensorData tensor, int i) => tensor.Type switch
    {
        DataType.Bfloat16 => BitConverter.Int32BitsToSingle(tensor.As<ushort>()[i] << 16),
        DataType.Float4E2M1 => Float4[Packed(tensor, i)],
        DataType.Float8E8M0 => tensor.Bytes.Span[i] == 0xFF ? float.NaN : MathF.ScaleB(1, tensor.Bytes.Span[i] - 127),
        DataType.Float8E4M3Fn => Small(tensor.Bytes.Span[i], 3, 7, b => (b & 0x7F) == 0x7F ? float.NaN : null),
        DataType.Float8E4M3Fnuz => Small(tensor.Bytes.Span[i], 3, 8, b => b == 0x80 ? float.NaN : null),
        DataType.Float8E5M2Fnuz => Small(tensor.Bytes.Span[i], 2, 16, b => b == 0x80 ? float.NaN : null),
        DataType.Float8E5M2 => Small(tensor.Bytes.Span[i], 2, 15, b => (b & 0x7F) switch
        {
            > 0x7C => float.NaN,
            0x7C => b < 0x80 ? float.PositiveInfinity : float.NegativeInfinity,
            _ => null,
        }),
        _ => throw new ArgumentOutOfRangeException(nameof(tensor), tensor.Type, "not a small float"),
    };

    // Sign, exponent and `mantissa` bits with the given exponent bias; the special encodings are asked for first.
    private static float Small(byte bits, int mantissa, int bias, Func<byte, float?> special)
    {
        if (special(bits) is { } value)
        {
            return value;
        }

        var exponent = (bits & 0x7F) >> mantissa;
        var fraction = bits & ((1 << mantissa) - 1);
        var magnitude = exponent == 0
            ? MathF.ScaleB(fraction, 1 - bias - mantissa)
            : MathF.ScaleB(fraction + (1 << mantissa), exponent - bias - mantissa);
        return bits < 0x80 ? magnitude : -magnitude;
    }

    private static int Packed(TensorData tensor, int i)
    {
        var bits = OnnxElementTypes.Bits(tensor.Type);
        var perByte = 8 / bits;
        return (tensor.Bytes.Span[i / perByte] >> (i % perByte * bits)) & ((1 << bits) - 1);
    }

    private static TensorData Convert<T>(TensorData tensor, Func<int, T> element) where T : unmanaged
    {
        var values = new T[tensor.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = element(i);
        }

        return TensorData.Of<T>(values, tensor.Dims);
    }
}
