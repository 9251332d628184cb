using System.Runtime.InteropServices;
using Dlc.IR.Symbolic;

namespace Dlc.IR;

/// <summary>
/// A tensor of numbers at compile time: constants and the operands of <see cref="Ops.Op.Evaluate"/>. Row-major, immutable by convention once
/// made. Elements are read and written as double or long whatever the element type, which is slow and simple; <see cref="Span{T}"/> is not.
/// </summary>
public sealed class Tensor
{
    private readonly ReadOnlyMemory<byte> _data;

    /// <summary>Over bytes in row-major order, little endian; the length must be the shape's.</summary>
    public Tensor(ElementType element, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> data)
    {
        Element = element;
        Dims = [.. shape];
        Count = CountOf(shape);
        if (checked(Count * element.Bytes()) != data.Length)
        {
            throw new ArgumentException($"a {element} tensor of [{string.Join(", ", Dims)}] takes {Count * element.Bytes()} bytes, not {data.Length}");
        }

        _data = data;
    }

    /// <summary>A tensor of zeros.</summary>
    public Tensor(ElementType element, params ReadOnlySpan<long> shape)
        : this(element, shape, new byte[checked(CountOf(shape) * element.Bytes())])
    {
    }

    public ElementType Element { get; }

    /// <summary>The dims, outermost first.</summary>
    public long[] Dims { get; }

    public int Rank => Dims.Length;

    /// <summary>Elements.</summary>
    public long Count { get; }

    public ReadOnlyMemory<byte> Memory => _data;

    public ReadOnlySpan<byte> Bytes => _data.Span;

    public static Tensor FromSpan<T>(ElementType element, ReadOnlySpan<T> values, params ReadOnlySpan<long> shape)
        where T : unmanaged => new(element, shape, MemoryMarshal.AsBytes(values).ToArray());

    public static Tensor Scalar(ElementType element, double value)
    {
        var tensor = new Tensor(element);
        tensor.SetDouble(0, value);
        return tensor;
    }

    public static Tensor Scalar(long value)
    {
        var tensor = new Tensor(ElementType.Int64);
        tensor.SetLong(0, value);
        return tensor;
    }

    public static Tensor Vector(params ReadOnlySpan<long> values) => FromSpan(ElementType.Int64, values, values.Length);

    /// <summary>The elements as a span of their own type (bool as byte, bf16 as ushort).</summary>
    public ReadOnlySpan<T> Span<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_data.Span);

    /// <summary>The same bytes under another shape of as many elements.</summary>
    public Tensor Reshape(params ReadOnlySpan<long> shape) => new(Element, shape, _data);

    public TensorType TypeIn(DimContext context) => new(Element, Shape.Of(context, Dims));

    /// <summary>An element as double; exact but for 64-bit integers beyond 2^53.</summary>
    public double GetDouble(long index)
    {
        var i = (int)index;
        return Element switch
        {
            ElementType.Bool => _data.Span[i] != 0 ? 1 : 0,
            ElementType.Float16 => (double)Span<Half>()[i],
            ElementType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)Span<ushort>()[i] << 16),
            ElementType.Float32 => Span<float>()[i],
            ElementType.Float64 => Span<double>()[i],
            ElementType.UInt64 => Span<ulong>()[i],
            _ => GetLong(index),
        };
    }

    /// <summary>An element as long; floats truncate, u64 wraps.</summary>
    public long GetLong(long index)
    {
        var i = (int)index;
        return Element switch
        {
            ElementType.Bool => _data.Span[i] != 0 ? 1 : 0,
            ElementType.Int8 => Span<sbyte>()[i],
            ElementType.Int16 => Span<short>()[i],
            ElementType.Int32 => Span<int>()[i],
            ElementType.Int64 => Span<long>()[i],
            ElementType.UInt8 => _data.Span[i],
            ElementType.UInt16 => Span<ushort>()[i],
            ElementType.UInt32 => Span<uint>()[i],
            ElementType.UInt64 => (long)Span<ulong>()[i],
            _ => (long)GetDouble(index),
        };
    }

    /// <summary>Sets an element while the tensor is being made. Floats round to nearest even; integers saturate, NaN gives 0.</summary>
    public void SetDouble(long index, double value)
    {
        var i = (int)index;
        switch (Element)
        {
            case ElementType.Bool: Writable<byte>()[i] = value != 0 ? (byte)1 : (byte)0; break;
            case ElementType.Float16: Writable<Half>()[i] = (Half)value; break;
            case ElementType.BFloat16: Writable<ushort>()[i] = ToBFloat16((float)value); break;
            case ElementType.Float32: Writable<float>()[i] = (float)value; break;
            case ElementType.Float64: Writable<double>()[i] = value; break;
            case ElementType.Int8: Writable<sbyte>()[i] = sbyte.CreateSaturating(value); break;
            case ElementType.Int16: Writable<short>()[i] = short.CreateSaturating(value); break;
            case ElementType.Int32: Writable<int>()[i] = int.CreateSaturating(value); break;
            case ElementType.Int64: Writable<long>()[i] = long.CreateSaturating(value); break;
            case ElementType.UInt8: Writable<byte>()[i] = byte.CreateSaturating(value); break;
            case ElementType.UInt16: Writable<ushort>()[i] = ushort.CreateSaturating(value); break;
            case ElementType.UInt32: Writable<uint>()[i] = uint.CreateSaturating(value); break;
            case ElementType.UInt64: Writable<ulong>()[i] = ulong.CreateSaturating(value); break;
            default: throw new InvalidOperationException($"unknown element type {Element}");
        }
    }

    /// <summary>Sets an element while the tensor is being made; narrower integers wrap.</summary>
    public void SetLong(long index, long value)
    {
        var i = (int)index;
        switch (Element)
        {
            case ElementType.Bool: Writable<byte>()[i] = value != 0 ? (byte)1 : (byte)0; break;
            case ElementType.Int8 or ElementType.UInt8: Writable<byte>()[i] = (byte)value; break;
            case ElementType.Int16 or ElementType.UInt16: Writable<short>()[i] = (short)value; break;
            case ElementType.Int32 or ElementType.UInt32: Writable<int>()[i] = (int)value; break;
            case ElementType.Int64 or ElementType.UInt64: Writable<long>()[i] = value; break;
            default: SetDouble(index, value); break;
        }
    }

    /// <summary>Copies one element of a tensor of the same type.</summary>
    public void CopyElement(long index, Tensor source, long sourceIndex)
    {
        var width = Element.Bytes();
        source._data.Span.Slice(checked((int)(sourceIndex * width)), width).CopyTo(Writable<byte>()[checked((int)(index * width))..]);
    }

    /// <summary>The elements for writing, while the tensor is being made.</summary>
    public Span<T> Writable<T>()
        where T : unmanaged => MemoryMarshal.TryGetArray(_data, out var segment)
            ? MemoryMarshal.Cast<byte, T>(segment.AsSpan()) : throw new InvalidOperationException("this tensor is read-only");

    private static long CountOf(ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var dim in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(dim);
            count = checked(count * dim);
        }

        return count;
    }

    private static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
