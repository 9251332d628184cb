using System.Runtime.InteropServices;
using System.Text;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.IO;

/// <summary>
/// NumPy's .npy files. NumPy has no bfloat16, 8-bit or 4-bit floats and no 4- or 2-bit integers: those are written as the smallest
/// NumPy type that holds every value exactly (float32, int8, uint8). Two-byte void (<c>V2</c>), as the ml_dtypes package saves bfloat16,
/// is read as bfloat16.
/// </summary>
public static class Npy
{
    private const int Chunk = 1 << 20;

    /// <summary>Reads one array.</summary>
    /// <exception cref="TensorFormatException">The file is damaged, shorter than it claims, or of a type with no ONNX counterpart.</exception>
    public static TensorData ReadFile(string path)
    {
        using var stream = File.OpenRead(path);
        return Read(stream, stream.Length, path);
    }

    /// <summary>Writes one array.</summary>
    public static void WriteFile(string path, TensorData tensor)
    {
        using var stream = File.Create(path);
        Write(stream, tensor);
    }

    /// <summary>Reads one array from a stream that yields at most <paramref name="available"/> bytes.</summary>
    internal static TensorData Read(Stream stream, long available, string name)
    {
        var header = NpyHeader.Read(stream, name);
        var count = OnnxElementTypes.Count(header.Dims, name);
        var (type, width, swap) = Describe(header.Description, name);
        if (width != 0 && count > available / width)
        {
            throw new TensorFormatException(
                $"{name}: shape ({string.Join(",", header.Dims)}) of {header.Description} is larger than the {available} bytes that are there");
        }

        if (count * width > Array.MaxLength)
        {
            throw new TensorFormatException($"{name}: {count * width} bytes are more than one array can hold ({Array.MaxLength})");
        }

        var bytes = new byte[count * width];
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) != bytes.Length)
        {
            throw new TensorFormatException($"{name}: the file ends inside the data");
        }

        // A character of a NumPy string is 4 bytes wide whatever the length of the string.
        var unit = type == DataType.String ? 4 : type is DataType.Complex64 or DataType.Complex128 ? width / 2 : width;
        if (swap && unit > 1)
        {
            for (var i = 0; i + unit <= bytes.Length; i += unit)
            {
                bytes.AsSpan(i, unit).Reverse();
            }
        }

        if (header.Fortran && header.Dims.Length > 1)
        {
            bytes = ToRowMajor(bytes, header.Dims, width);
        }

        return type == DataType.String
            ? new TensorData(header.Dims, Strings(bytes, count, width, header.Description.Contains('U')))
            : new TensorData(type, header.Dims, bytes);
    }

    /// <summary>Writes one array to a stream.</summary>
    internal static void Write(Stream stream, TensorData tensor)
    {
        if (tensor.Strings is { } strings)
        {
            WriteStrings(stream, strings, tensor.Dims);
            return;
        }

        var plain = Widening.ToPlain(tensor);
        stream.Write(NpyHeader.Write(Description(plain.Type), plain.Dims));
        for (var at = 0; at < plain.Bytes.Length; at += Chunk)
        {
            stream.Write(plain.Bytes.Span.Slice(at, Math.Min(Chunk, plain.Bytes.Length - at)));
        }
    }

    private static string Description(DataType type) => type switch
    {
        DataType.Float => "<f4",
        DataType.Double => "<f8",
        DataType.Float16 => "<f2",
        DataType.Int8 => "|i1",
        DataType.Uint8 => "|u1",
        DataType.Int16 => "<i2",
        DataType.Uint16 => "<u2",
        DataType.Int32 => "<i4",
        DataType.Uint32 => "<u4",
        DataType.Int64 => "<i8",
        DataType.Uint64 => "<u8",
        DataType.Bool => "|b1",
        DataType.Complex64 => "<c8",
        DataType.Complex128 => "<c16",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no NumPy type"),
    };

    private static (DataType Type, int Width, bool Swap) Describe(string description, string name)
    {
        var order = description.Length > 0 ? description[0] : ' ';
        var body = "<>|=".Contains(order) ? description[1..] : description;
        var type = body switch
        {
            "f4" => DataType.Float,
            "f8" => DataType.Double,
            "f2" => DataType.Float16,
            "i1" => DataType.Int8,
            "u1" => DataType.Uint8,
            "i2" => DataType.Int16,
            "u2" => DataType.Uint16,
            "i4" => DataType.Int32,
            "u4" => DataType.Uint32,
            "i8" => DataType.Int64,
            "u8" => DataType.Uint64,
            "b1" or "?" => DataType.Bool,
            "c8" => DataType.Complex64,
            "c16" => DataType.Complex128,
            "V2" or "bfloat16" => DataType.Bfloat16,
            _ => DataType.Undefined,
        };
        if (type != DataType.Undefined)
        {
            return (type, OnnxElementTypes.Bits(type) / 8, order == '>');
        }

        if (body.Length > 1 && body[0] is 'U' or 'S' && int.TryParse(body.AsSpan(1), out var length) && length is >= 0 and < 1 << 24)
        {
            return (DataType.String, body[0] == 'U' ? 4 * length : length, order == '>' && body[0] == 'U');
        }

        throw new TensorFormatException($"{name}: NumPy type '{description}' has no ONNX counterpart");
    }

    private static byte[] ToRowMajor(byte[] source, long[] dims, int width)
    {
        var result = new byte[source.Length];
        var index = new long[dims.Length];
        var strides = new long[dims.Length];
        long stride = width;
        for (var axis = 0; axis < dims.Length; axis++)
        {
            strides[axis] = stride;
            stride *= dims[axis];
        }

        for (long to = 0, from = 0; to < result.Length; to += width)
        {
            source.AsSpan((int)from, width).CopyTo(result.AsSpan((int)to));
            for (var axis = dims.Length - 1; axis >= 0; axis--)
            {
                from += strides[axis];
                if (++index[axis] < dims[axis])
                {
                    break;
                }

                from -= strides[axis] * dims[axis];
                index[axis] = 0;
            }
        }

        return result;
    }

    private static string[] Strings(byte[] bytes, long count, int width, bool wide)
    {
        // Strings of width 0 take no bytes, so nothing of the file's size bounds how many it may claim.
        if (count > Array.MaxLength / 8)
        {
            throw new TensorFormatException($"{count} strings are more than can be held");
        }

        var strings = new string[count];
        for (var i = 0; i < count; i++)
        {
            var cell = bytes.AsSpan(i * width, width);
            strings[i] = (wide ? Encoding.UTF32 : Encoding.UTF8).GetString(cell).TrimEnd('\0');
        }

        return strings;
    }

    private static void WriteStrings(Stream stream, string[] strings, ReadOnlySpan<long> dims)
    {
        var length = strings.Length == 0 ? 1 : Math.Max(1, strings.Max(s => s.EnumerateRunes().Count()));
        stream.Write(NpyHeader.Write($"<U{length}", dims));
        var cell = new int[length];
        foreach (var text in strings)
        {
            Array.Clear(cell);
            var at = 0;
            foreach (var rune in text.EnumerateRunes())
            {
                cell[at++] = rune.Value;
            }

            stream.Write(MemoryMarshal.AsBytes<int>(cell));
        }
    }
}
