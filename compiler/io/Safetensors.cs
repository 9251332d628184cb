using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.IO;

/// <summary>
/// Files of named tensors in the safetensors format: 8 bytes (little endian) with the length of a JSON header, the header (for each tensor its type, shape and
/// place in the data; texts under <c>__metadata__</c>), then the data.
/// </summary>
public sealed class Safetensors : IDisposable
{
    private const string Metadata = "__metadata__";
    private const long LongestHeader = 100 << 20;

    private static readonly (string Name, DataType Type)[] Types =
    [
        ("F64", DataType.Double), ("F32", DataType.Float), ("F16", DataType.Float16), ("BF16", DataType.Bfloat16), ("I64", DataType.Int64),
        ("I32", DataType.Int32), ("I16", DataType.Int16), ("I8", DataType.Int8), ("U64", DataType.Uint64), ("U32", DataType.Uint32),
        ("U16", DataType.Uint16), ("U8", DataType.Uint8), ("BOOL", DataType.Bool),
    ];

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly long _start;

    private Safetensors(SafeFileHandle file, string path, long start, Dictionary<string, Entry> tensors, Dictionary<string, string> texts)
    {
        _file = file;
        _path = path;
        _start = start;
        Tensors = tensors;
        Texts = texts;
    }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, Entry> Tensors { get; }

    /// <summary>What stands under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Texts { get; }

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="TensorFormatException">The file is damaged or of another format.</exception>
    public static Safetensors Open(string path)
    {
        var file = File.OpenHandle(path);
        try
        {
            var length = RandomAccess.GetLength(file);
            var prefix = new byte[8];
            ReadExactly(file, prefix, 0, path);
            var size = BinaryPrimitives.ReadInt64LittleEndian(prefix);
            if (size < 2 || size > LongestHeader || size > length - 8)
            {
                throw new TensorFormatException($"{path}: a header of {size} bytes does not fit a file of {length}");
            }

            var header = new byte[size];
            ReadExactly(file, header, 8, path);
            using var json = JsonDocument.Parse(header);
            var (tensors, texts) = (new Dictionary<string, Entry>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
            foreach (var item in json.RootElement.EnumerateObject())
            {
                if (item.Name == Metadata)
                {
                    foreach (var text in item.Value.EnumerateObject())
                    {
                        texts[text.Name] = text.Value.GetString() ?? "";
                    }
                }
                else if (!tensors.TryAdd(item.Name, Read(item, length - 8 - size, path)))
                {
                    throw new TensorFormatException($"{path}: two tensors are called '{item.Name}'");
                }
            }

            return new Safetensors(file, path, 8 + size, tensors, texts);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            file.Dispose();
            throw new TensorFormatException($"{path}: the header cannot be read ({e.Message})", e);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the elements of a tensor.</summary>
    public void Read(Entry tensor, Span<byte> target) => ReadExactly(_file, target, _start + tensor.Offset, _path);

    public void Dispose() => _file.Dispose();

    /// <summary>Writes tensors one after the other to a stream; <paramref name="write"/> writes the elements of the one of a number.</summary>
    public static void Write(Stream stream, IReadOnlyList<(string Name, DataType Type, long[] Dims)> tensors, IReadOnlyDictionary<string, string> texts, Action<int, Stream> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject(Metadata);
            foreach (var (key, text) in texts.OrderBy(t => t.Key, StringComparer.Ordinal))
            {
                json.WriteString(key, text);
            }

            json.WriteEndObject();
            var at = 0L;
            foreach (var (name, type, dims) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", NameOf(type));
                json.WriteStartArray("shape");
                Array.ForEach(dims, json.WriteNumberValue);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                at += OnnxElementTypes.Bytes(type, OnnxElementTypes.Count(dims, name), name);
                json.WriteNumberValue(at);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces behind the header bring the data to a multiple of 64 bytes, so that it can be mapped.
        var header = buffer.ToArray();
        var padding = (64 - ((8 + header.Length) % 64)) % 64;
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length + padding);
        stream.Write(prefix);
        stream.Write(header);
        stream.Write(Enumerable.Repeat((byte)' ', padding).ToArray());
        for (var i = 0; i < tensors.Count; i++)
        {
            write(i, stream);
        }
    }

    private static Entry Read(JsonProperty item, long available, string path)
    {
        var name = item.Value.GetProperty("dtype").GetString();
        var type = Types.FirstOrDefault(t => t.Name == name).Type;
        long[] dims = [.. item.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
        long[] offsets = [.. item.Value.GetProperty("data_offsets").EnumerateArray().Select(d => d.GetInt64())];
        var where = $"{path}: '{item.Name}'";
        if (type == default)
        {
            throw new TensorFormatException($"{where} is of type {name}, which is not supported");
        }

        var bytes = OnnxElementTypes.Bytes(type, OnnxElementTypes.Count(dims, where), where);
        if (offsets.Length != 2 || offsets[0] < 0 || offsets[1] > available || offsets[1] - offsets[0] != bytes)
        {
            throw new TensorFormatException($"{where} takes {bytes} bytes, which do not lie at [{string.Join(", ", offsets)}] of {available}");
        }

        return new Entry(type, dims, offsets[0], bytes);
    }

    private static string NameOf(DataType type) => Types.FirstOrDefault(t => t.Type == type).Name
        ?? throw new TensorFormatException($"safetensors has no type {OnnxElementTypes.Name(type)}");

    private static void ReadExactly(SafeFileHandle file, Span<byte> target, long offset, string path)
    {
        while (!target.IsEmpty)
        {
            var read = RandomAccess.Read(file, target, offset);
            if (read == 0)
            {
                throw new TensorFormatException($"{path}: the file ends within its tensors");
            }

            target = target[read..];
            offset += read;
        }
    }

    /// <summary>A tensor of a file.</summary>
    /// <param name="Type">Element type.</param>
    /// <param name="Dims">Dims, outermost first.</param>
    /// <param name="Offset">Where its elements begin, from the start of the data.</param>
    /// <param name="Bytes">How many bytes they take.</param>
    public sealed record Entry(DataType Type, long[] Dims, long Offset, long Bytes);
}
