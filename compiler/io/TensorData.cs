using System.Runtime.InteropServices;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.IO;

/// <summary>
/// A dense tensor as files carry it: element type, dims, and either bytes (little-endian, row-major, sub-byte elements packed low
/// bits first) or strings.
/// </summary>
public sealed class TensorData
{
    private readonly long[] _dims;

    /// <summary>Wraps bytes without copying them.</summary>
    /// <exception cref="TensorFormatException">The byte count is not that of the shape, or the type is string.</exception>
    public TensorData(DataType type, ReadOnlySpan<long> dims, Memory<byte> bytes)
    {
        Type = type;
        _dims = dims.ToArray();
        Bytes = bytes;
        Count = OnnxElementTypes.Count(dims, "tensor");
        var expected = OnnxElementTypes.Bytes(type, Count, "tensor");
        if (type == DataType.String || bytes.Length != expected)
        {
            throw new TensorFormatException($"tensor {OnnxElementTypes.Name(type)}[{string.Join(",", _dims)}] takes {expected} bytes, not {bytes.Length}");
        }
    }

    /// <summary>A tensor of strings.</summary>
    /// <exception cref="TensorFormatException">The number of strings is not that of the shape.</exception>
    public TensorData(ReadOnlySpan<long> dims, string[] strings)
    {
        Type = DataType.String;
        _dims = dims.ToArray();
        Strings = strings;
        Count = OnnxElementTypes.Count(dims, "tensor");
        if (strings.Length != Count)
        {
            throw new TensorFormatException($"tensor string[{string.Join(",", _dims)}] holds {Count} strings, not {strings.Length}");
        }
    }

    /// <summary>The element type.</summary>
    public DataType Type { get; }

    /// <summary>The dims, outermost first; empty for a scalar.</summary>
    public ReadOnlySpan<long> Dims => _dims;

    /// <summary>The number of elements.</summary>
    public long Count { get; }

    /// <summary>The elements' memory; empty for strings.</summary>
    public Memory<byte> Bytes { get; }

    /// <summary>The strings, or null where the elements are numbers.</summary>
    public string[]? Strings { get; }

    /// <summary>A copy of <paramref name="values"/> under the ONNX type that is laid out like <typeparamref name="T"/>.</summary>
    public static TensorData Of<T>(ReadOnlySpan<T> values, params ReadOnlySpan<long> dims) where T : unmanaged =>
        new(OnnxElementTypes.Of<T>(), dims, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>The elements seen as <typeparamref name="T"/>, whose size must be the element's.</summary>
    public Span<T> As<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes.Span);

    /// <summary>Such as <c>float[2,3]</c>.</summary>
    public override string ToString() => $"{OnnxElementTypes.Name(Type)}[{string.Join(",", _dims)}]";
}
