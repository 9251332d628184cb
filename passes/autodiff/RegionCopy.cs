using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Autodiff;

/// <summary>
/// Writes the nodes of a region once more into another graph, to compute again on the way back what the region computed. Symbols that the region binds get
/// new names there, and what it knows of them is taken over (its guards were checked when it ran).
/// </summary>
internal sealed class RegionCopy
{
    private readonly Dictionary<Value, Value> _values = [];
    private readonly Dictionary<Dim, Dim> _symbols = [];
    private DimSubstitution _dims;

    private RegionCopy(DimContext dims) => _dims = new DimSubstitution(dims);

    /// <summary>Appends the copy; returns the copies of the region's outputs.</summary>
    /// <param name="target">Where it goes: a graph that sees what the region captures.</param>
    /// <param name="region">The region.</param>
    /// <param name="arguments">What stands for its inputs.</param>
    public static Value[] Append(GraphBuilder target, Graph region, IReadOnlyList<Value> arguments)
    {
        var copy = new RegionCopy(target.Dims);
        for (var i = 0; i < arguments.Count; i++)
        {
            copy._values[region.Inputs[i]] = arguments[i];
            for (var axis = 0; axis < arguments[i].Type.Rank; axis++)
            {
                var (own, given) = (region.Inputs[i].Type.Shape[axis], arguments[i].Type.Shape[axis]);
                if (own.IsSymbol && !ReferenceEquals(own, given))
                {
                    copy._symbols.TryAdd(own, given);
                }
            }
        }

        return copy.Append(target, region);
    }

    private Value[] Append(GraphBuilder target, Graph region)
    {
        foreach (var symbol in region.Nodes.SelectMany(NodeOrder.BoundDims))
        {
            _symbols.TryAdd(symbol, target.Dims.FreshSymbol(symbol.Name!));
        }

        _dims = new DimSubstitution(target.Dims, _symbols);
        TakeOver(region.Facts, target.Facts);
        foreach (var node in region.Nodes)
        {
            var regions = node.Regions.Select(inner => Copy(target, inner)).ToArray();
            var names = node.Outputs.Select(o => o.Name).ToArray();
            var made = target.AddNode(OpDims.Map(node.Op, _dims.Apply), [.. node.Inputs.Select(Map)], regions, node.Origins.AsSpan(), names);
            for (var i = 0; i < node.Outputs.Length; i++)
            {
                _values[node.Outputs[i]] = made.Outputs[i];
            }
        }

        return [.. region.Outputs.Select(Map)];
    }

    private Graph Copy(GraphBuilder outer, Graph region)
    {
        var builder = new GraphBuilder(outer.Module, outer.Facts.Clone());
        foreach (var input in region.Inputs)
        {
            _values[input] = builder.Input(new TensorType(input.Type.Element, new Shape([.. input.Type.Shape.Dims.Select(_dims.Apply)])), input.Name);
        }

        var outputs = Append(builder, region);
        return builder.Build(outputs);
    }

    /// <summary>Facts of the region that the target does not have: those about its symbols under their new names.</summary>
    private void TakeOver(Facts from, Facts to)
    {
        var shared = from.All.Zip(to.All).TakeWhile(pair => pair.First == pair.Second).Count();
        foreach (var fact in from.All.Skip(shared))
        {
            to.Assume(_dims.Apply(fact.Left), fact.Relation, _dims.Apply(fact.Right), fact.Source);
        }
    }

    private Value Map(Value value) => _values.GetValueOrDefault(value, value);
}
