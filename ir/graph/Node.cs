using System.Collections.Immutable;
using Dlc.IR.Ops;

namespace Dlc.IR;

/// <summary>The dense number of a <see cref="Node"/> in its module.</summary>
public readonly record struct NodeId(int Value);

/// <summary>An operation applied to values. Immutable; a graph lists its nodes in an order in which they can run.</summary>
public sealed class Node
{
    internal Node(NodeId id, Op op, ImmutableArray<Value> inputs, ImmutableArray<Value> outputs, ImmutableArray<Graph> regions,
        ImmutableArray<string> origins)
    {
        Id = id;
        Op = op;
        Inputs = inputs;
        Outputs = outputs;
        Regions = regions;
        Origins = origins;
        for (var i = 0; i < outputs.Length; i++)
        {
            outputs[i].Producer = this;
            outputs[i].OutputIndex = i;
        }
    }

    public NodeId Id { get; }

    public Op Op { get; }

    public ImmutableArray<Value> Inputs { get; }

    public ImmutableArray<Value> Outputs { get; }

    /// <summary>Bodies of control flow and of fused nodes. They may read values of the graphs around them.</summary>
    public ImmutableArray<Graph> Regions { get; }

    /// <summary>The ONNX nodes that it came from, in order, without repetition.</summary>
    public ImmutableArray<string> Origins { get; }

    /// <summary>The only output.</summary>
    public Value Output => Outputs.Length == 1 ? Outputs[0] : throw new InvalidOperationException($"{Op.Name} has {Outputs.Length} outputs");

    public override string ToString() =>
        $"{string.Join(", ", Outputs.Select(o => o.Id))} = {Op.Name}({string.Join(", ", Inputs.Select(i => i.Id))})";
}
