using Dlc.IR.Symbolic;

namespace Dlc.IR;

/// <summary>One compilation: the main graph, the symbols and the facts that all its graphs share, and the counters of ids.</summary>
public sealed class Module
{
    private int _nextValue;
    private int _nextNode;

    public Module(string name)
    {
        Name = name;
        Dims = new DimContext();
        Facts = new Facts(Dims);
    }

    public string Name { get; }

    public DimContext Dims { get; }

    public Facts Facts { get; }

    /// <summary>The graph that runs. Set by the importer or parser, then by each pass.</summary>
    public Graph Main { get; set; } = null!;

    /// <summary>The exact names of the model's outputs, in order; the values that <see cref="Main"/> ends in may have others or none.</summary>
    public IReadOnlyList<string> OutputNames { get; set; } = [];

    /// <summary>One more than the greatest value id in use: the length of a side table over values.</summary>
    public int ValueCount => _nextValue;

    /// <summary>One more than the greatest node id in use.</summary>
    public int NodeCount => _nextNode;

    /// <summary>A value that no node makes: an input of a graph or region.</summary>
    public Value NewInput(TensorType type, string? name) => NewValue(type, name);

    internal Value NewValue(TensorType type, string? name) => new(new ValueId(_nextValue++), type, name);

    /// <summary>Makes later ids start no lower than these: for modules read from text, whose ids are given.</summary>
    internal void Reserve(int values, int nodes)
    {
        _nextValue = Math.Max(_nextValue, values);
        _nextNode = Math.Max(_nextNode, nodes);
    }

    internal NodeId NewNodeId() => new(_nextNode++);
}
