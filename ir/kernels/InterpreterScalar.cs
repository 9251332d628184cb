using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Dlc.IR.Kernels;

/// <summary>
/// A scalar value of the kernel interpreter. Integers and bools are held in <see cref="Integer"/>, sign- or zero-extended from their
/// width; floats in <see cref="Float"/>, already rounded to their type.
/// </summary>
public readonly record struct InterpreterScalar(ElementType Type, long Integer, double Float)
{
    /// <summary>Whether a bool is true.</summary>
    public bool IsTrue => Integer != 0;

    /// <summary>An integer or bool, wrapped to the width of its type.</summary>
    public static InterpreterScalar Of(ElementType type, long value) => new(
        type,
        type switch
        {
            ElementType.Bool => value != 0 ? 1 : 0,
            ElementType.Int8 => unchecked((sbyte)value),
            ElementType.Int16 => unchecked((short)value),
            ElementType.Int32 => unchecked((int)value),
            ElementType.UInt8 => unchecked((byte)value),
            ElementType.UInt16 => unchecked((ushort)value),
            ElementType.UInt32 => unchecked((uint)value),
            ElementType.Int64 or ElementType.UInt64 => value,
            _ => throw new InvalidOperationException($"{type} is not an integer type"),
        },
        0);

    /// <summary>A float, rounded to its type; f16 and bf16 round through f32, as code computes them.</summary>
    public static InterpreterScalar Of(ElementType type, double value) => new(
        type,
        0,
        type switch
        {
            ElementType.Float64 => value,
            ElementType.Float32 => (float)value,
            ElementType.Float16 => (double)(Half)(float)value,
            ElementType.BFloat16 => RoundToBFloat16((float)value),
            _ => throw new InvalidOperationException($"{type} is not a floating-point type"),
        });

    /// <summary>A bool.</summary>
    public static InterpreterScalar Of(bool value) => new(ElementType.Bool, value ? 1 : 0, 0);

    /// <summary>Reads element <paramref name="index"/> of an array of <paramref name="type"/>.</summary>
    public static InterpreterScalar Read(ElementType type, ReadOnlySpan<byte> memory, int index)
    {
        var bytes = memory.Slice(index * type.Bytes(), type.Bytes());
        return type switch
        {
            ElementType.Float64 => Of(type, BinaryPrimitives.ReadDoubleLittleEndian(bytes)),
            ElementType.Float32 => Of(type, BinaryPrimitives.ReadSingleLittleEndian(bytes)),
            ElementType.Float16 => Of(type, (double)BinaryPrimitives.ReadHalfLittleEndian(bytes)),
            ElementType.BFloat16 => Of(type, BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16)),
            _ => FromBits(type, Bits(bytes)),
        };
    }

    /// <summary>Writes the value to element <paramref name="index"/> of an array of its type.</summary>
    public void Write(Span<byte> memory, int index)
    {
        Span<byte> bits = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bits, ToBits());
        bits[..Type.Bytes()].CopyTo(memory.Slice(index * Type.Bytes(), Type.Bytes()));
    }

    /// <summary>The bits in memory, in the low bytes of the result; the bytes above are unspecified.</summary>
    public long ToBits() => Type switch
    {
        ElementType.Float64 => BitConverter.DoubleToInt64Bits(Float),
        ElementType.Float32 => BitConverter.SingleToInt32Bits((float)Float),
        ElementType.Float16 => BitConverter.HalfToUInt16Bits((Half)Float),
        ElementType.BFloat16 => BitConverter.SingleToUInt32Bits((float)Float) >> 16,
        _ => Integer,
    };

    /// <summary>The value of <paramref name="type"/> whose bits are the low bytes of <paramref name="bits"/>.</summary>
    public static InterpreterScalar FromBits(ElementType type, long bits) => type switch
    {
        ElementType.Float64 => Of(type, BitConverter.Int64BitsToDouble(bits)),
        ElementType.Float32 => Of(type, BitConverter.Int32BitsToSingle(unchecked((int)bits))),
        ElementType.Float16 => Of(type, (double)BitConverter.UInt16BitsToHalf(unchecked((ushort)bits))),
        ElementType.BFloat16 => Of(type, BitConverter.UInt32BitsToSingle((uint)unchecked((ushort)bits) << 16)),
        _ => Of(type, bits),
    };

    /// <inheritdoc/>
    public override string ToString() => Type.IsFloat()
        ? Float.ToString("R", System.Globalization.CultureInfo.InvariantCulture)
        : Integer.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static long Bits(ReadOnlySpan<byte> bytes)
    {
        Span<byte> wide = stackalloc byte[sizeof(long)];
        wide.Clear();
        bytes.CopyTo(wide);
        return MemoryMarshal.Read<long>(wide);
    }

    private static double RoundToBFloat16(float value)
    {
        if (float.IsNaN(value))
        {
            return double.NaN;
        }

        // To nearest, ties to even: add half a unit in the last place, less one where the kept part is even.
        var bits = BitConverter.SingleToUInt32Bits(value);
        bits += 0x7fff + ((bits >> 16) & 1);
        return BitConverter.UInt32BitsToSingle(bits & 0xffff0000);
    }
}
