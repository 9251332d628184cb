using System.Globalization;
using System.Runtime.InteropServices;
using Dlc.Compiler.Onnx.Proto;
using Google.Protobuf;
using AttributeType = Dlc.Compiler.Onnx.Proto.AttributeProto.Types.AttributeType;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelBuilder;

/// <summary>
/// Writes an ONNX graph node by node, the way an exporter does: weights are initializers, small integers are Constant nodes, and every
/// node is named after the module it stands in (<c>/encoder/layer.0/attention/MatMul_1</c>).
/// </summary>
public sealed class GraphBuilder
{
    private readonly GraphProto _graph;
    private readonly SeededRandom _random;
    private readonly long _opset;
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private readonly Stack<string> _scopes = new([""]);

    /// <summary>The type of weights and of what is computed from them: Float or Bfloat16.</summary>
    public DataType Element { get; init; } = DataType.Float;

    /// <summary>Weights are declared, as external data that <see cref="OnnxFile"/> gives a place, but have no values: for models that are only planned.</summary>
    public bool IsDeclaredOnly { get; init; }

    /// <summary>An empty graph whose weights are drawn from <paramref name="seed"/>.</summary>
    public GraphBuilder(string name, long opset, ulong seed)
    {
        _graph = new GraphProto { Name = name };
        _opset = opset;
        _random = new SeededRandom(seed);
    }

    /// <summary>Nodes made until the result is disposed are named below this module.</summary>
    public IDisposable Scope(string module)
    {
        _scopes.Push($"{_scopes.Peek()}/{module}");
        return new ScopeEnd(this);
    }

    /// <summary>Declares an input; a dim is a number or a name.</summary>
    public string Input(string name, DataType type, params ReadOnlySpan<string> dims)
    {
        _graph.Input.Add(Info(name, type, dims));
        return name;
    }

    /// <summary>Declares <paramref name="value"/> as the output <paramref name="name"/>.</summary>
    public void Output(string name, string value, DataType type, params ReadOnlySpan<string> dims)
    {
        var node = new NodeProto { OpType = "Identity", Name = $"/output/{name}", Input = { value }, Output = { name } };
        _graph.Node.Add(node);
        _graph.Output.Add(Info(name, type, dims));
    }

    /// <summary>Adds a node with one output and returns that output's name.</summary>
    public string Add(string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes) =>
        AddMany(op, inputs, 1, attributes)[0];

    /// <summary>Adds a node with several outputs.</summary>
    public string[] AddMany(string op, ReadOnlySpan<string> inputs, int outputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var node = new NodeProto { OpType = op, Name = Unique($"{_scopes.Peek()}/{op}") };
        foreach (var input in inputs)
        {
            node.Input.Add(input);
        }

        for (var i = 0; i < outputs; i++)
        {
            node.Output.Add($"{node.Name}_output_{i}");
        }

        foreach (var (name, value) in attributes)
        {
            node.Attribute.Add(Attribute(name, value));
        }

        _graph.Node.Add(node);
        return [.. node.Output];
    }

    /// <summary>A weight of near-normal values.</summary>
    public string Weight(string name, long[] dims, double deviation, double mean = 0)
    {
        var count = dims.Aggregate(1L, (a, b) => checked(a * b));
        if (IsDeclaredOnly)
        {
            return Initializer(name, dims, new TensorProto { DataType = (int)Element, DataLocation = TensorProto.Types.DataLocation.External });
        }

        var values = new float[count];
        _random.FillNormal(values, (float)mean, (float)deviation);
        return Element == DataType.Float ? Weight(name, dims, values)
            : Initializer(name, dims, new TensorProto { DataType = (int)Element, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<ushort>([.. values.Select(Half)])) });
    }

    /// <summary>A weight of given values.</summary>
    public string Weight(string name, long[] dims, float[] values) =>
        Initializer(name, dims, new TensorProto { DataType = (int)DataType.Float, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values)) });

    /// <summary>A Constant node of int64 values, a vector or (with one value) a scalar.</summary>
    public string Ints(params ReadOnlySpan<long> values) => Constant(DataType.Int64, MemoryMarshal.AsBytes(values), [values.Length]);

    /// <summary>A Constant node of one int64 without dims.</summary>
    public string Int(long value) => Constant(DataType.Int64, MemoryMarshal.AsBytes([value]), []);

    /// <summary>A Constant node of one float32 without dims.</summary>
    public string Float(float value) => Constant(DataType.Float, MemoryMarshal.AsBytes([value]), []);

    /// <summary>A Constant node of one number of the type of the weights, without dims.</summary>
    public string Number(float value) => Element == DataType.Float ? Float(value) : Constant(Element, MemoryMarshal.AsBytes([Half(value)]), []);

    /// <summary>Of the other type, where it is not of that type anyway: float32 for what needs its digits, and back.</summary>
    public string Cast(string value, DataType from, DataType to) => from == to ? value : Add("Cast", [value], ("to", (long)to));

    /// <summary>Size of an axis as an int64 scalar: Shape, then Gather.</summary>
    public string Size(string value, long axis) => Add("Gather", [Add("Shape", [value]), Int(axis)], ("axis", 0L));

    /// <summary>Reshapes to dims that are numbers or int64 scalars computed before: each Unsqueezed, then one Concat.</summary>
    public string Reshape(string value, params ReadOnlySpan<object> dims)
    {
        var allKnown = true;
        foreach (var dim in dims)
        {
            allKnown &= dim is int or long;
        }

        return allKnown
            ? Add("Reshape", [value, Ints([.. dims.ToArray().Select(d => Convert.ToInt64(d, CultureInfo.InvariantCulture))])])
            : Add("Reshape", [value, Vector(dims)]);
    }

    /// <summary>An int64 vector of numbers and of int64 scalars computed before.</summary>
    public string Vector(params ReadOnlySpan<object> items)
    {
        var parts = new List<string>();
        foreach (var item in items)
        {
            parts.Add(item is string scalar ? Unsqueeze(scalar, 0) : Ints(Convert.ToInt64(item, CultureInfo.InvariantCulture)));
        }

        return Add("Concat", CollectionsMarshal.AsSpan(parts), ("axis", 0L));
    }

    /// <summary>Adds axes of size 1.</summary>
    public string Unsqueeze(string value, params ReadOnlySpan<long> axes) => Add("Unsqueeze", [value, Ints(axes)]);

    /// <summary>Takes <c>[start, end)</c> of one axis; the bounds are int64 vectors of one element.</summary>
    public string Slice(string value, string start, string end, long axis) => Add("Slice", [value, start, end, Ints(axis), Ints(1)]);

    /// <summary>Permutes axes.</summary>
    public string Transpose(string value, params long[] order) => Add("Transpose", [value], ("perm", order));

    /// <summary>Mean over the last axis, kept as 1.</summary>
    public string MeanOfLast(string value) => _opset >= 18
        ? Add("ReduceMean", [value, Ints(-1)], ("keepdims", 1L))
        : Add("ReduceMean", [value], ("axes", new long[] { -1 }), ("keepdims", 1L));

    /// <summary>The model around the graph.</summary>
    public ModelProto Finish() => new()
    {
        IrVersion = 8,
        ProducerName = "dlc ModelBuilder",
        OpsetImport = { new OperatorSetIdProto { Domain = "", Version = _opset } },
        Graph = _graph,
    };

    private string Initializer(string name, long[] dims, TensorProto tensor)
    {
        // An initializer takes its module's path with dots, as PyTorch names parameters.
        var path = _scopes.Peek().TrimStart('/').Replace('/', '.');
        tensor.Name = Unique(path.Length == 0 ? name : $"{path}.{name}");
        tensor.Dims.AddRange(dims);
        _graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>The nearest bfloat16 of a finite number.</summary>
    private static ushort Half(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private string Constant(DataType type, ReadOnlySpan<byte> bytes, long[] dims)
    {
        var tensor = new TensorProto { DataType = (int)type, RawData = ByteString.CopyFrom(bytes) };
        tensor.Dims.AddRange(dims);
        return Add("Constant", [], ("value", tensor));
    }

    private string Unique(string name)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_names, name, out _);
        return count++ == 0 ? name : $"{name}_{count - 1}";
    }

    private static AttributeProto Attribute(string name, object value) => value switch
    {
        long i => new AttributeProto { Name = name, Type = AttributeType.Int, I = i },
        float f => new AttributeProto { Name = name, Type = AttributeType.Float, F = f },
        long[] ints => new AttributeProto { Name = name, Type = AttributeType.Ints, Ints = { ints } },
        TensorProto t => new AttributeProto { Name = name, Type = AttributeType.Tensor, T = t },
        string s => new AttributeProto { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(s) },
        _ => throw new ArgumentException($"attribute '{name}' has no ONNX type for {value.GetType().Name}"),
    };

    private static ValueInfoProto Info(string name, DataType type, ReadOnlySpan<string> dims)
    {
        var shape = new TensorShapeProto();
        foreach (var dim in dims)
        {
            shape.Dim.Add(long.TryParse(dim, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                ? new TensorShapeProto.Types.Dimension { DimValue = size }
                : new TensorShapeProto.Types.Dimension { DimParam = dim });
        }

        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    private sealed class ScopeEnd(GraphBuilder builder) : IDisposable
    {
        public void Dispose() => builder._scopes.Pop();
    }
}
