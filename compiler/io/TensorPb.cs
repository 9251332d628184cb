using System.Buffers.Binary;
using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using Dlc.Compiler.Onnx.Proto;
using Google.Protobuf;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.IO;

/// <summary>Reads and writes ONNX's TensorProto, in memory and as a file of its own (<c>.pb</c>).</summary>
public static class TensorPb
{
    /// <summary>Reads a file that holds one TensorProto.</summary>
    /// <exception cref="TensorFormatException">The file is not a TensorProto, or what it claims is not what it holds.</exception>
    public static TensorData ReadFile(string path)
    {
        try
        {
            return Decode(TensorProto.Parser.ParseFrom(File.ReadAllBytes(path)), path);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new TensorFormatException($"{path}: not a tensor in protobuf form ({e.Message})", e);
        }
    }

    /// <summary>Writes a file that holds one TensorProto, with its payload in raw_data.</summary>
    public static void WriteFile(string path, TensorData tensor, string name = "")
    {
        using var stream = File.Create(path);
        Encode(tensor, name).WriteTo(stream);
    }

    /// <summary>Turns a tensor into a proto with its payload in raw_data (string_data for strings).</summary>
    public static TensorProto Encode(TensorData tensor, string name)
    {
        var proto = new TensorProto { Name = name, DataType = (int)tensor.Type };
        proto.Dims.AddRange(tensor.Dims.ToArray());
        if (tensor.Strings is { } strings)
        {
            proto.StringData.AddRange(strings.Select(ByteString.CopyFromUtf8));
        }
        else
        {
            proto.RawData = ByteString.CopyFrom(tensor.Bytes.Span);
        }

        return proto;
    }

    /// <summary>
    /// Decodes an inline tensor from whichever field carries its payload. Nothing is allocated before the claimed shape is checked
    /// against the payload that is there.
    /// </summary>
    /// <param name="proto">The tensor; its data must be inline (external data is the importer's business).</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="TensorFormatException">Type, dims and payload do not fit each other.</exception>
    public static TensorData Decode(TensorProto proto, string name)
    {
        if (proto.DataLocation == TensorProto.Types.DataLocation.External)
        {
            throw new TensorFormatException($"{name}: the data lies in an external file, where inline data is expected");
        }

        var type = (DataType)proto.DataType;
        var dims = proto.Dims.ToArray();
        var count = OnnxElementTypes.Count(dims, name);
        var size = OnnxElementTypes.Bytes(type, count, name);
        if (type == DataType.String)
        {
            Expect(proto.StringData, count, "string_data", name);
            return new TensorData(dims, [.. proto.StringData.Select(s => Encoding.UTF8.GetString(s.Span))]);
        }

        if (proto.HasRawData && (proto.RawData.Length != 0 || size == 0))
        {
            if (proto.RawData.Length != size)
            {
                throw new TensorFormatException(
                    $"{name}: {OnnxElementTypes.Name(type)}[{string.Join(",", dims)}] takes {size} bytes, raw_data holds {proto.RawData.Length}");
            }

            return new TensorData(type, dims, proto.RawData.ToByteArray());
        }

        return new TensorData(type, dims, Typed(proto, type, count, size, name));
    }

    private static byte[] Typed(TensorProto proto, DataType type, long count, long size, string name)
    {
        switch (type)
        {
            case DataType.Float:
                Expect(proto.FloatData, count, "float_data", name);
                return MemoryMarshal.AsBytes<float>(proto.FloatData.ToArray()).ToArray();
            case DataType.Complex64:
                Expect(proto.FloatData, 2 * count, "float_data", name);
                return MemoryMarshal.AsBytes<float>(proto.FloatData.ToArray()).ToArray();
            case DataType.Double:
                Expect(proto.DoubleData, count, "double_data", name);
                return MemoryMarshal.AsBytes<double>(proto.DoubleData.ToArray()).ToArray();
            case DataType.Complex128:
                Expect(proto.DoubleData, 2 * count, "double_data", name);
                return MemoryMarshal.AsBytes<double>(proto.DoubleData.ToArray()).ToArray();
            case DataType.Int64:
                Expect(proto.Int64Data, count, "int64_data", name);
                return MemoryMarshal.AsBytes<long>(proto.Int64Data.ToArray()).ToArray();
            case DataType.Uint64:
                Expect(proto.Uint64Data, count, "uint64_data", name);
                return MemoryMarshal.AsBytes<ulong>(proto.Uint64Data.ToArray()).ToArray();
            case DataType.Uint32:
                Expect(proto.Uint64Data, count, "uint64_data", name);
                return MemoryMarshal.AsBytes<uint>([.. proto.Uint64Data.Select(v => (uint)v)]).ToArray();
            default:
                return Narrow(proto, type, count, size, name);
        }
    }

    // What fits 32 bits travels in int32_data, one element an entry; sub-byte types travel there already packed, one byte an entry.
    private static byte[] Narrow(TensorProto proto, DataType type, long count, long size, string name)
    {
        var bits = OnnxElementTypes.Bits(type);
        Expect(proto.Int32Data, bits < 8 ? size : count, "int32_data", name);
        var bytes = new byte[size];
        for (var i = 0; i < proto.Int32Data.Count; i++)
        {
            var value = proto.Int32Data[i];
            switch (bits)
            {
                case 32:
                    BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), value);
                    break;
                case 16:
                    BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(2 * i), (short)value);
                    break;
                default:
                    bytes[i] = type == DataType.Bool ? (byte)(value != 0 ? 1 : 0) : (byte)value;
                    break;
            }
        }

        return bytes;
    }

    private static void Expect(ICollection entries, long count, string field, string name)
    {
        if (entries.Count != count)
        {
            throw new TensorFormatException($"{name}: {count} entries expected in {field}, found {entries.Count}");
        }
    }
}
