using Dlc.IR;

namespace Dlc.Compiler.Onnx;

/// <summary>The names of one ONNX graph or function body. A subgraph sees the names around it; a function body sees none but its own.</summary>
internal sealed class ImportScope(GraphBuilder builder, ImportFrame frame, ImportScope? parent)
{
    private readonly Dictionary<string, OnnxValue?> _names = new(StringComparer.Ordinal);

    /// <summary>Where nodes of this graph go.</summary>
    public GraphBuilder Builder { get; } = builder;

    public ImportFrame Frame { get; } = frame;

    /// <summary>Whether the name means something here; also where its node could not be imported.</summary>
    public bool Knows(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._names.ContainsKey(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the name was given in this very graph.</summary>
    public bool Defines(string name) => _names.ContainsKey(name);

    /// <summary>What the name means; null where its node could not be imported.</summary>
    public OnnxValue? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._names.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return null;
    }

    public void Set(string name, OnnxValue? value) => _names[name] = value;

    private ImportScope? Outer => parent;
}
