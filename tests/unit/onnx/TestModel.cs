using Dlc.Compiler.Onnx;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Google.Protobuf;
using AttributeType = Dlc.Compiler.Onnx.Proto.AttributeProto.Types.AttributeType;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Tests.Unit.Onnx;

/// <summary>Writes small ONNX models in a few words.</summary>
internal sealed class TestModel
{
    public TestModel(long opset = 21)
    {
        Proto = new ModelProto { IrVersion = 10, Graph = new GraphProto { Name = "test" } };
        Proto.OpsetImport.Add(new OperatorSetIdProto { Domain = string.Empty, Version = opset });
    }

    public ModelProto Proto { get; }

    public GraphProto Graph => Proto.Graph;

    /// <summary>An input; a dim is a number, a name, or the empty text for none.</summary>
    public TestModel Input(string name, DataType type, params string[] dims)
    {
        Graph.Input.Add(Info(name, type, dims));
        return this;
    }

    public TestModel Floats(string name, params string[] dims) => Input(name, DataType.Float, dims);

    public TestModel Output(params string[] names)
    {
        Graph.Output.AddRange(names.Select(n => new ValueInfoProto { Name = n }));
        return this;
    }

    public TestModel Longs(string name, params long[] values)
    {
        Graph.Initializer.Add(Vector(name, values));
        return this;
    }

    public TestModel Long(string name, long value)
    {
        Graph.Initializer.Add(new TensorProto { Name = name, DataType = (int)DataType.Int64, Int64Data = { value } });
        return this;
    }

    /// <summary>A node: <c>"Add x y -> z"</c>; an underscore stands for what is left out. Its name is its first output's.</summary>
    public TestModel Node(string text, params AttributeProto[] attributes)
    {
        Graph.Node.Add(NodeOf(text, attributes));
        return this;
    }

    public Module Import(ImportOptions? options = null) => OnnxImporter.Import(Proto.ToByteArray(), options);

    public static NodeProto NodeOf(string text, params AttributeProto[] attributes)
    {
        var sides = text.Split("->", StringSplitOptions.TrimEntries);
        var left = sides[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var outputs = sides[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var dot = left[0].LastIndexOf('.');
        var node = new NodeProto { OpType = left[0][(dot + 1)..], Domain = dot < 0 ? string.Empty : left[0][..dot], Name = outputs[0] };
        node.Input.AddRange(left[1..].Select(n => n == "_" ? string.Empty : n));
        node.Output.AddRange(outputs.Select(n => n == "_" ? string.Empty : n));
        node.Attribute.AddRange(attributes);
        return node;
    }

    public static GraphProto Subgraph(string inputs, string outputs, params NodeProto[] nodes)
    {
        var graph = new GraphProto { Name = "body" };
        graph.Input.AddRange(inputs.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => new ValueInfoProto { Name = n }));
        graph.Output.AddRange(outputs.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => new ValueInfoProto { Name = n }));
        graph.Node.AddRange(nodes);
        return graph;
    }

    public static ValueInfoProto Info(string name, DataType type, params string[] dims)
    {
        var shape = new TensorShapeProto();
        foreach (var dim in dims)
        {
            var written = new TensorShapeProto.Types.Dimension();
            if (long.TryParse(dim, out var number))
            {
                written.DimValue = number;
            }
            else if (dim.Length > 0)
            {
                written.DimParam = dim;
            }

            shape.Dim.Add(written);
        }

        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new() { ElemType = (int)type, Shape = shape } } };
    }

    public static TensorProto Vector(string name, params long[] values) =>
        new() { Name = name, DataType = (int)DataType.Int64, Dims = { values.Length }, Int64Data = { values } };

    public static AttributeProto Int(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    public static AttributeProto Ints(string name, params long[] values) => new() { Name = name, Type = AttributeType.Ints, Ints = { values } };

    public static AttributeProto Float(string name, float value) => new() { Name = name, Type = AttributeType.Float, F = value };

    public static AttributeProto Text(string name, string value) =>
        new() { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    public static AttributeProto Body(string name, GraphProto graph) => new() { Name = name, Type = AttributeType.Graph, G = graph };

    public static AttributeProto TensorAttribute(string name, TensorProto tensor) => new() { Name = name, Type = AttributeType.Tensor, T = tensor };
}
