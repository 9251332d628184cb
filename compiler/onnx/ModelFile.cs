using Dlc.Compiler.Onnx.Proto;
using Dlc.IR.Diagnostics;
using Google.Protobuf;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// Reads a model file without copying its large weights: the payload of each large initializer of the main graph stays where it is in the mapped
/// file, and only what is left goes through the protobuf reader.
/// </summary>
internal sealed class ModelFile
{
    private const int LargeBytes = 64 << 10;
    private const int GraphField = 7;
    private const int InitializerField = 5;
    private const int RawDataField = 9;
    private const int Delimited = 2;

    private readonly MappedFile _file;
    private readonly Dictionary<int, ReadOnlyMemory<byte>> _payloads = [];

    private ModelFile(MappedFile file)
    {
        _file = file;
        Model = Reduce() is { } rest ? ModelProto.Parser.ParseFrom(rest) : ParseWhole();
    }

    public ModelProto Model { get; }

    /// <summary>Payloads that were left out of <see cref="Model"/>, by the initializer's position in the main graph.</summary>
    public IReadOnlyDictionary<int, ReadOnlyMemory<byte>> Payloads => _payloads;

    /// <exception cref="InvalidProtocolBufferException">The file holds no model.</exception>
    public static ModelFile Read(string path) => new(new MappedFile(path));

    private ModelProto ParseWhole()
    {
        _payloads.Clear();
        return _file.Length <= int.MaxValue
            ? ModelProto.Parser.ParseFrom(new System.Buffers.ReadOnlySequence<byte>(_file.Memory(0, (int)_file.Length)))
            : throw new DlcException(ErrorCodes.BadModel, "the model has more than 2 GB beside its large weights");
    }

    /// <summary>The file without large payloads; null where it is not plainly one graph with well-formed fields.</summary>
    private byte[]? Reduce()
    {
        using var output = new MemoryStream();
        var graphs = 0;
        foreach (var field in Fields(0, _file.Length))
        {
            if (field.Number < 0 || (field.Number == GraphField && (field.Wire != Delimited || ++graphs > 1)))
            {
                return null;
            }

            if (field.Number != GraphField)
            {
                Copy(output, field.Start, field.End);
                continue;
            }

            using var graph = new MemoryStream();
            if (!ReduceGraph(graph, field))
            {
                return null;
            }

            WriteField(output, GraphField, graph);
        }

        return output.Length <= int.MaxValue ? output.ToArray() : null;
    }

    private bool ReduceGraph(MemoryStream output, Field graph)
    {
        var initializers = 0;
        foreach (var field in Fields(graph.Content, graph.End))
        {
            if (field.Number < 0 || (field.Number == InitializerField && field.Wire != Delimited))
            {
                return false;
            }

            if (field.Number != InitializerField)
            {
                Copy(output, field.Start, field.End);
                continue;
            }

            var (index, size) = (initializers++, field.End - field.Content);
            if (size < LargeBytes)
            {
                Copy(output, field.Start, field.End);
                continue;
            }

            using var tensor = new MemoryStream();
            foreach (var part in Fields(field.Content, field.End))
            {
                var length = part.End - part.Content;
                if (part.Number < 0)
                {
                    return false;
                }

                if (part.Number == RawDataField && part.Wire == Delimited && length is >= LargeBytes and <= int.MaxValue)
                {
                    // Of a field that is given twice the last counts.
                    _payloads[index] = _file.Memory(part.Content, (int)length);
                }
                else
                {
                    Copy(tensor, part.Start, part.End);
                }
            }

            WriteField(output, InitializerField, tensor);
        }

        return true;
    }

    /// <summary>The fields of a message; ends with one of number -1 where it is not well formed, or a field is of the old group kind.</summary>
    private IEnumerable<Field> Fields(long start, long end)
    {
        while (start < end)
        {
            var at = start;
            if (Varint(ref at, end) is not { } key || key >> 3 is 0 or > int.MaxValue)
            {
                yield return Field.Bad;
                yield break;
            }

            var content = at;
            switch (key & 7)
            {
                case 0:
                    if (Varint(ref at, end) is null)
                    {
                        at = -1;
                    }

                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    var length = Varint(ref at, end);
                    content = at;
                    at = length is { } bytes && bytes <= (ulong)(end - at) ? at + (long)bytes : -1;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    at = -1;
                    break;
            }

            if (at < 0 || at > end)
            {
                yield return Field.Bad;
                yield break;
            }

            yield return new Field((int)(key >> 3), (int)(key & 7), start, content, at);
            start = at;
        }
    }

    private ulong? Varint(ref long at, long end)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64 && at < end; shift += 7)
        {
            var piece = _file[at++];
            value |= (ulong)(piece & 0x7F) << shift;
            if (piece < 0x80)
            {
                return value;
            }
        }

        return null;
    }

    private void Copy(MemoryStream output, long start, long end)
    {
        const int Most = 1 << 20;
        for (; start < end; start += Most)
        {
            output.Write(_file.Memory(start, (int)Math.Min(Most, end - start)).Span);
        }
    }

    private static void WriteField(MemoryStream output, int number, MemoryStream content)
    {
        var prefix = new CodedOutputStream(output, leaveOpen: true);
        prefix.WriteTag(number, WireFormat.WireType.LengthDelimited);
        prefix.WriteLength((int)content.Length);
        prefix.Flush();
        content.WriteTo(output);
    }

    /// <summary>A field: where it starts, where its content does (after key and length), and where it ends.</summary>
    private readonly record struct Field(int Number, int Wire, long Start, long Content, long End)
    {
        public static Field Bad => new(-1, 0, 0, 0, 0);
    }
}
