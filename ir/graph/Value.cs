namespace Dlc.IR;

/// <summary>The dense number of a <see cref="Value"/> in its module.</summary>
public readonly record struct ValueId(int Value)
{
    public override string ToString() => $"%{Value}";
}

/// <summary>A tensor in SSA form: made once, by a node or as an input of a graph or region.</summary>
public sealed class Value
{
    internal Value(ValueId id, TensorType type, string? name)
    {
        Id = id;
        Type = type;
        Name = name;
    }

    public ValueId Id { get; }

    public TensorType Type { get; }

    /// <summary>The ONNX name, where it came from one.</summary>
    public string? Name { get; internal set; }

    /// <summary>The node that makes it; null for an input of a graph or region.</summary>
    public Node? Producer { get; internal set; }

    /// <summary>Its position among the producer's outputs.</summary>
    public int OutputIndex { get; internal set; }

    public override string ToString() => $"{Id}: {Type}";
}
