using System.Runtime.InteropServices;
using System.Text;
using Dlc.Compiler.IO;
using static Dlc.Peers.OnnxRuntime.OrtApi;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Peers.OnnxRuntime;

/// <summary>Copies values into and out of ONNX Runtime.</summary>
internal static unsafe class OrtValues
{
    private const int TensorKind = 1;
    private const int SequenceKind = 2;
    private const int OptionalKind = 6;

    // ONNX Runtime takes ONNX's numbers of the element types, but names the last three by numbers of its own in what it hands out.
    private static readonly Dictionary<int, DataType> OwnTypes = new()
    {
        [24] = DataType.Uint2,
        [25] = DataType.Int2,
        [26] = DataType.Float8E8M0,
    };

    /// <summary>The CPU allocator of the library; owned by it.</summary>
    public static nint Allocator
    {
        get
        {
            nint allocator;
            Check(((delegate* unmanaged<nint*, nint>)Get(Entry.GetAllocatorWithDefaultOptions))(&allocator));
            return allocator;
        }
    }

    /// <summary>A new OrtValue that holds a copy; the caller releases it.</summary>
    public static nint Create(Value value) => value switch
    {
        Value.Dense dense => CreateTensor(dense.Tensor),
        Value.Sequence sequence => CreateSequence(sequence.Items),
        _ => throw new OrtException($"its C interface has no way to pass {value}"),
    };

    /// <summary>Copies an OrtValue, which stays the caller's.</summary>
    public static Value Read(nint value)
    {
        if (value == 0)
        {
            return new Value.None();
        }

        int present;
        Check(((delegate* unmanaged<nint, int*, nint>)Get(Entry.HasValue))(value, &present));
        if (present == 0)
        {
            return new Value.None();
        }

        int kind;
        Check(((delegate* unmanaged<nint, int*, nint>)Get(Entry.GetValueType))(value, &kind));
        switch (kind)
        {
            case TensorKind or OptionalKind:
                return new Value.Dense(ReadTensor(value));
            case SequenceKind:
                nuint count;
                Check(((delegate* unmanaged<nint, nuint*, nint>)Get(Entry.GetValueCount))(value, &count));
                var items = new List<Value>();
                for (var i = 0; i < (int)count; i++)
                {
                    nint item;
                    Check(((delegate* unmanaged<nint, int, nint, nint*, nint>)Get(Entry.GetValue))(value, i, Allocator, &item));
                    try
                    {
                        items.Add(Read(item));
                    }
                    finally
                    {
                        Release(Entry.ReleaseValue, item);
                    }
                }

                return new Value.Sequence(items);
            default:
                throw new OrtException($"a value of kind {kind} cannot be read");
        }
    }

    private static nint CreateTensor(TensorData tensor)
    {
        nint result;
        fixed (long* dims = tensor.Dims.Length == 0 ? [0] : tensor.Dims)
        {
            Check(((delegate* unmanaged<nint, long*, nuint, int, nint*, nint>)Get(Entry.CreateTensorAsOrtValue))(
                Allocator, dims, (nuint)tensor.Dims.Length, (int)tensor.Type, &result));
        }

        if (tensor.Strings is { } strings)
        {
            Fill(result, strings);
        }
        else if (tensor.Bytes.Length != 0)
        {
            tensor.Bytes.Span.CopyTo(new Span<byte>(Data(result), tensor.Bytes.Length));
        }

        return result;
    }

    private static nint CreateSequence(IReadOnlyList<Value> values)
    {
        var handles = values.Select(Create).ToArray();
        try
        {
            nint result;
            fixed (nint* items = handles)
            {
                Check(((delegate* unmanaged<nint*, nuint, int, nint*, nint>)Get(Entry.CreateValue))(
                    items, (nuint)handles.Length, SequenceKind, &result));
            }

            return result;
        }
        finally
        {
            foreach (var handle in handles)
            {
                Release(Entry.ReleaseValue, handle);
            }
        }
    }

    private static TensorData ReadTensor(nint value)
    {
        nint info;
        Check(((delegate* unmanaged<nint, nint*, nint>)Get(Entry.GetTensorTypeAndShape))(value, &info));
        DataType type;
        long[] dims;
        try
        {
            (type, dims) = TypeAndDims(info);
        }
        finally
        {
            Release(Entry.ReleaseTensorTypeAndShapeInfo, info);
        }

        var count = OnnxElementTypes.Count(dims, "output");
        if (type == DataType.String)
        {
            return new TensorData(dims, ReadStrings(value, (int)count));
        }

        var bytes = new byte[OnnxElementTypes.Bytes(type, count, "output")];
        if (bytes.Length != 0)
        {
            new ReadOnlySpan<byte>(Data(value), bytes.Length).CopyTo(bytes);
        }

        return new TensorData(type, dims, bytes);
    }

    /// <summary>Element type and dims of an OrtTensorTypeAndShapeInfo; unknown dims are -1.</summary>
    public static (DataType Type, long[] Dims) TypeAndDims(nint info)
    {
        int type;
        Check(((delegate* unmanaged<nint, int*, nint>)Get(Entry.GetTensorElementType))(info, &type));
        nuint rank;
        Check(((delegate* unmanaged<nint, nuint*, nint>)Get(Entry.GetDimensionsCount))(info, &rank));
        var dims = new long[rank];
        fixed (long* at = dims)
        {
            Check(((delegate* unmanaged<nint, long*, nuint, nint>)Get(Entry.GetDimensions))(info, at, rank));
        }

        return (OwnTypes.GetValueOrDefault(type, (DataType)type), dims);
    }

    private static void* Data(nint value)
    {
        void* data;
        Check(((delegate* unmanaged<nint, void**, nint>)Get(Entry.GetTensorMutableData))(value, &data));
        return data;
    }

    private static void Fill(nint value, string[] strings)
    {
        var texts = strings.Select(Marshal.StringToCoTaskMemUTF8).ToArray();
        try
        {
            fixed (nint* at = texts)
            {
                Check(((delegate* unmanaged<nint, nint*, nuint, nint>)Get(Entry.FillStringTensor))(value, at, (nuint)texts.Length));
            }
        }
        finally
        {
            Array.ForEach(texts, Marshal.FreeCoTaskMem);
        }
    }

    private static string[] ReadStrings(nint value, int count)
    {
        var result = new string[count];
        for (var i = 0; i < count; i++)
        {
            nuint length;
            Check(((delegate* unmanaged<nint, nuint, nuint*, nint>)Get(Entry.GetStringTensorElementLength))(value, (nuint)i, &length));
            var text = new byte[Math.Max(1, (int)length)];
            fixed (byte* at = text)
            {
                Check(((delegate* unmanaged<nint, nuint, nuint, byte*, nint>)Get(Entry.GetStringTensorElement))(value, length, (nuint)i, at));
            }

            result[i] = Encoding.UTF8.GetString(text, 0, (int)length);
        }

        return result;
    }
}
