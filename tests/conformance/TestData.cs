using Dlc.Compiler.IO;
using Dlc.Compiler.Onnx.Proto;
using Dlc.Peers;
using Google.Protobuf;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Conformance;

/// <summary>Reads the values beside a case's model.</summary>
internal static class TestData
{
    /// <summary>The inputs of one data set, by name. Inputs that the set leaves out are left out.</summary>
    /// <exception cref="TensorFormatException">A file is damaged.</exception>
    public static List<KeyValuePair<string, Value>> Inputs(GraphProto graph, string folder)
    {
        // Old models list their initializers among the inputs; the files may or may not count them.
        var initialized = graph.Initializer.Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        var files = Directory.GetFiles(folder, "input_*.pb").Length;
        var inputs = graph.Input.Where(i => files > graph.Input.Count - initialized.Count || !initialized.Contains(i.Name)).ToList();
        return Read(inputs, folder, "input");
    }

    /// <summary>The expected outputs of one data set, by name.</summary>
    /// <exception cref="TensorFormatException">A file is damaged.</exception>
    public static List<KeyValuePair<string, Value>> Outputs(GraphProto graph, string folder) => Read(graph.Output, folder, "output");

    private static List<KeyValuePair<string, Value>> Read(IReadOnlyList<ValueInfoProto> infos, string folder, string kind)
    {
        var values = new List<KeyValuePair<string, Value>>();
        for (var i = 0; i < infos.Count; i++)
        {
            var path = Path.Combine(folder, $"{kind}_{i}.pb");
            if (File.Exists(path))
            {
                values.Add(new(infos[i].Name, Parse(infos[i].Type, path)));
            }
        }

        return values;
    }

    private static Value Parse(TypeProto type, string path)
    {
        var bytes = File.ReadAllBytes(path);
        try
        {
            return type.ValueCase switch
            {
                TypeProto.ValueOneofCase.SequenceType => Sequence(SequenceProto.Parser.ParseFrom(bytes), path),
                TypeProto.ValueOneofCase.OptionalType => Optional(OptionalProto.Parser.ParseFrom(bytes), type.OptionalType, path),
                TypeProto.ValueOneofCase.TensorType => new Value.Dense(Tensor(TensorProto.Parser.ParseFrom(bytes), type, path)),
                _ => throw new UnsupportedModelException($"{Path.GetFileName(path)} is a {type.ValueCase}"),
            };
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new TensorFormatException($"{path}: {e.Message}", e);
        }
    }

    // ONNX before 1.13 wrote the bits of bfloat16 test data as uint16.
    private static TensorData Tensor(TensorProto proto, TypeProto type, string path)
    {
        if (type.TensorType.ElemType == (int)DataType.Bfloat16 && proto.DataType == (int)DataType.Uint16)
        {
            proto.DataType = (int)DataType.Bfloat16;
        }

        return TensorPb.Decode(proto, path);
    }

    private static Value.Sequence Sequence(SequenceProto proto, string path) => new(
    [
        .. proto.TensorValues.Select(t => (Value)new Value.Dense(TensorPb.Decode(t, path))),
        .. proto.SequenceValues.Select(s => (Value)Sequence(s, path)),
        .. proto.OptionalValues.Select(o => Optional(o, null, path)),
    ]);

    // A file for an optional may also hold the bare value.
    private static Value Optional(OptionalProto proto, TypeProto.Types.Optional? type, string path) =>
        proto.TensorValue is { } tensor ? new Value.Dense(TensorPb.Decode(tensor, path))
        : proto.SequenceValue is { } sequence ? Sequence(sequence, path)
        : type is null || proto.HasElemType || new FileInfo(path).Length == 0 ? new Value.None()
        : Parse(type.ElemType, path);
}
