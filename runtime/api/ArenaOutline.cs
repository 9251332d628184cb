using Dlc.Runtime.Execution;

namespace Dlc.Runtime;

/// <summary>
/// What one order of the steps puts into the arena, for any dims: the frame that sizes at given dims fill. Pairs are joined in order, each item handed on
/// once and taken over once (but by both branches of an If).
/// </summary>
public sealed class ArenaOutline
{
    private ArenaOutline(ArenaItem[] items, ArenaPair[] pairs, IReadOnlyList<string>[] origins)
    {
        Items = items;
        Pairs = pairs;
        Origins = origins;
    }

    /// <summary>What gets a place.</summary>
    public IReadOnlyList<ArenaItem> Items { get; }

    /// <summary>What may share memory, by rising place.</summary>
    public IReadOnlyList<ArenaPair> Pairs { get; }

    /// <summary>For each place of the order the ONNX nodes of its step.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Origins { get; }

    /// <summary>The outlines of all orders of a model; a run takes the order with the smallest arena.</summary>
    public static IReadOnlyList<ArenaOutline> Of(CompiledModel model)
    {
        var prepared = model.Executable.Prepared;
        return [.. prepared.Orders.Select(order => Of(prepared, order))];
    }

    private static ArenaOutline Of(PreparedModel model, PreparedOrder order)
    {
        var (items, lifetimes) = (model.Points[0].Items, order.Lifetimes[0]);
        return new ArenaOutline(
            [.. items.Select((item, i) => new ArenaItem(
                item.Value, item.Step >= 0 ? (Format.LaunchStep)model.Steps[item.Step].Source : null, lifetimes.Start[i], lifetimes.End[i]))],
            [.. order.Pairs[0].Select(p => new ArenaPair(p.From, p.To, p.FromValue, p.ToValue, p.IsBranch))],
            [.. order.Places.Select(p => p.Step.Source.Origins)]);
    }
}
