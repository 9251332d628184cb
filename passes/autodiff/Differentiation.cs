using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;

namespace Dlc.Passes.Autodiff;

/// <summary>What all steps of one differentiation share: where operators without a derivative are noted, and what loops keep for the way back.</summary>
internal sealed class Differentiation
{
    private readonly List<(string What, string Origin)> _missing = [];

    /// <summary>For a loop that was extended: how many results it had before; behind them come its carried tensors as each iteration found them.</summary>
    public Dictionary<Node, int> Tapes { get; } = [];

    /// <summary>Appends the nodes of a region again, ready for the way back, and gives the copies of them and of its outputs.</summary>
    public (IReadOnlyList<Node> Nodes, IReadOnlyList<Value> Outputs) Recompute(
        GraphBuilder target, Graph region, IReadOnlyList<Value> arguments, IReadOnlyCollection<Value> targets)
    {
        var scratch = new GraphBuilder(target.Module, target.Facts);
        var copy = KeepTapes.Run(scratch.Build(RegionCopy.Append(scratch, region, arguments)), targets, this);
        foreach (var node in copy.Nodes)
        {
            target.Append(node);
        }

        return (copy.Nodes, copy.Outputs);
    }

    /// <summary>Notes a node without a derivative that lies between a parameter and the loss.</summary>
    public void Note(Node node, string reason) =>
        _missing.Add(($"{node.Op.Name} ({reason})", node.Origins.IsEmpty ? node.ToString() : node.Origins[0]));

    /// <exception cref="DlcException">One error that names all nodes that were noted.</exception>
    public void ThrowIfMissing()
    {
        if (_missing.Count == 0)
        {
            return;
        }

        var lines = _missing.GroupBy(m => m.What, m => m.Origin, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => $"  {g.Key}: {string.Join(", ", g.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(o => $"'{o}'"))}");
        throw new DlcException(ErrorCodes.NoDerivative,
            $"the loss cannot be differentiated; between a parameter and it lie\n{string.Join('\n', lines)}");
    }
}
