using Dlc.Runtime.Format;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.IO;

/// <summary>Sizes and names of ONNX element types, as tensors lie in memory (little-endian, row-major, sub-byte elements packed low bits first).</summary>
public static class OnnxElementTypes
{
    /// <summary>Bits of one element; 0 for strings, whose size varies.</summary>
    /// <exception cref="TensorFormatException">The type is undefined or from a newer format.</exception>
    public static int Bits(DataType type) => type switch
    {
        DataType.String => 0,
        DataType.Uint2 or DataType.Int2 => 2,
        DataType.Uint4 or DataType.Int4 or DataType.Float4E2M1 => 4,
        DataType.Bool or DataType.Uint8 or DataType.Int8 => 8,
        DataType.Float8E4M3Fn or DataType.Float8E4M3Fnuz or DataType.Float8E5M2 or DataType.Float8E5M2Fnuz or DataType.Float8E8M0 => 8,
        DataType.Uint16 or DataType.Int16 or DataType.Float16 or DataType.Bfloat16 => 16,
        DataType.Uint32 or DataType.Int32 or DataType.Float => 32,
        DataType.Uint64 or DataType.Int64 or DataType.Double or DataType.Complex64 => 64,
        DataType.Complex128 => 128,
        _ => throw new TensorFormatException($"element type {(int)type} is not one that ONNX defines"),
    };

    /// <summary>The name that ONNX's type strings use, such as <c>float</c> or <c>float8e4m3fn</c>.</summary>
    public static string Name(DataType type) => type.ToString().ToLowerInvariant();

    /// <summary>Whether values are floating-point numbers (complex ones not counted).</summary>
    public static bool IsFloat(DataType type) => type is DataType.Float or DataType.Double or DataType.Float16 or DataType.Bfloat16
        or DataType.Float4E2M1 or DataType.Float8E4M3Fn or DataType.Float8E4M3Fnuz or DataType.Float8E5M2 or DataType.Float8E5M2Fnuz
        or DataType.Float8E8M0;

    /// <summary>The type that the runtime holds in the same bytes as ONNX does, or null: the runtime does not pack sub-byte elements.</summary>
    public static DataType? Of(ScalarType type) => type switch
    {
        ScalarType.F32 => DataType.Float,
        ScalarType.F64 => DataType.Double,
        ScalarType.F16 => DataType.Float16,
        ScalarType.BF16 => DataType.Bfloat16,
        ScalarType.I8 => DataType.Int8,
        ScalarType.I16 => DataType.Int16,
        ScalarType.I32 => DataType.Int32,
        ScalarType.I64 => DataType.Int64,
        ScalarType.U8 => DataType.Uint8,
        ScalarType.U16 => DataType.Uint16,
        ScalarType.U32 => DataType.Uint32,
        ScalarType.U64 => DataType.Uint64,
        ScalarType.Bool => DataType.Bool,
        ScalarType.Complex64 => DataType.Complex64,
        ScalarType.Complex128 => DataType.Complex128,
        ScalarType.F8E4M3FN => DataType.Float8E4M3Fn,
        ScalarType.F8E4M3FNUZ => DataType.Float8E4M3Fnuz,
        ScalarType.F8E5M2 => DataType.Float8E5M2,
        ScalarType.F8E5M2FNUZ => DataType.Float8E5M2Fnuz,
        ScalarType.F8E8M0 => DataType.Float8E8M0,
        _ => null,
    };

    /// <summary>The element type whose memory layout is a .NET type's own.</summary>
    /// <exception cref="ArgumentException">No ONNX element type is laid out as <typeparamref name="T"/>.</exception>
    public static DataType Of<T>() where T : unmanaged => default(T) switch
    {
        float => DataType.Float,
        double => DataType.Double,
        Half => DataType.Float16,
        sbyte => DataType.Int8,
        byte => DataType.Uint8,
        short => DataType.Int16,
        ushort => DataType.Uint16,
        int => DataType.Int32,
        uint => DataType.Uint32,
        long => DataType.Int64,
        ulong => DataType.Uint64,
        bool => DataType.Bool,
        _ => throw new ArgumentException($"no ONNX element type is laid out as {typeof(T).Name}"),
    };

    /// <summary>Elements of a shape.</summary>
    /// <exception cref="TensorFormatException">A dim is negative or the product passes 63 bits.</exception>
    public static long Count(ReadOnlySpan<long> dims, string name)
    {
        var any = false;
        foreach (var dim in dims)
        {
            if (dim < 0)
            {
                throw new TensorFormatException($"{name}: dim {dim} is negative");
            }

            any |= dim == 0;
        }

        // A zero anywhere makes the product zero, however large the other dims are.
        if (any)
        {
            return 0;
        }

        long count = 1;
        foreach (var dim in dims)
        {
            if (count > long.MaxValue / dim)
            {
                throw new TensorFormatException($"{name}: the product of dims [{string.Join(",", dims.ToArray())}] does not fit 64 bits");
            }

            count *= dim;
        }

        return count;
    }

    /// <summary>Bytes that <paramref name="count"/> elements take; a last byte may be partly used.</summary>
    /// <exception cref="TensorFormatException">The size passes 63 bits.</exception>
    public static long Bytes(DataType type, long count, string name)
    {
        var bits = Bits(type);
        if (bits != 0 && count > (long.MaxValue - 7) / bits)
        {
            throw new TensorFormatException($"{name}: {count} elements of {Name(type)} do not fit 64 bits of memory");
        }

        return ((count * bits) + 7) / 8;
    }
}
