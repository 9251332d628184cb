using Dlc.IR;
using Dlc.IR.Ops;
using static Dlc.Passes.Patterns.SoftmaxPattern;

namespace Dlc.Passes.Autodiff;

/// <summary>
/// Finds softmaxes and log-softmaxes among primitives and gives their gradients from their results alone: <c>y*(g - sum(g*y))</c> and
/// <c>g - e^y*sum(g)</c>. The exponentials need not be kept, and the maximum that is subtracted before, which cancels out, has no gradient.
/// </summary>
internal sealed class Softmaxes
{
    private readonly Dictionary<Value, List<Node>> _readers = [];
    private readonly Dictionary<Value, bool> _cancelled = [];
    private readonly HashSet<Value> _roots;

    /// <summary>Looks at nodes; <paramref name="roots"/> are what is read from outside.</summary>
    public Softmaxes(IEnumerable<Node> nodes, IEnumerable<Value> roots)
    {
        _roots = [.. roots];
        foreach (var node in nodes)
        {
            foreach (var value in node.Inputs.Concat(Graph.Captures(node)).Distinct())
            {
                if (!_readers.TryGetValue(value, out var list))
                {
                    _readers[value] = list = [];
                }

                list.Add(node);
            }
        }
    }

    /// <summary>The value whose softmax or log-softmax a node completes, with its gradient; null for other nodes.</summary>
    public static (Value Value, Value Gradient)? TryDifferentiate(Node node, OpWriter writer, Value gradient)
    {
        if (PartsOf(node) is var (z, sum))
        {
            var (y, axes) = (node.Output, ((Reduce)sum.Op).Axes);
            return (z, writer.Times(y, writer.Minus(gradient, writer.Sum(writer.Times(gradient, y), axes))));
        }

        if (node.Op is Sub && LogSumOf(node.Inputs[1]) is { } total && ExponentOf(total.Inputs[0]) == node.Inputs[0])
        {
            var power = writer.Emit(new Exp(), node.Output);
            return (node.Inputs[0], writer.Minus(gradient, writer.Times(power, writer.Sum(gradient, ((Reduce)total.Op).Axes))));
        }

        return null;
    }

    /// <summary>
    /// Whether a node reads a value <c>m</c>, the maximum of <c>x</c>, only so that <c>e^(x - m)</c> does not overflow: nothing that is made of it depends on m.
    /// </summary>
    public bool IsShift(Node node, Value value)
    {
        if (node.Op is not (Sub or Add) || value != node.Inputs[1])
        {
            return false;
        }

        if (!_cancelled.TryGetValue(value, out var isCancelled))
        {
            _cancelled[value] = isCancelled = IsCancelled(value);
        }

        return isCancelled;
    }

    private bool IsCancelled(Value shift)
    {
        if (MaximumOf(shift) is not { } maximum)
        {
            return false;
        }

        var (x, axes) = (maximum.Inputs[0], ((Reduce)maximum.Op).Axes);

        // shift: x - m, and m + log(sum(e^(x - m))).
        return AreAll(shift, reader => (reader.Op is Sub && reader.Inputs[0] == x && AreAll(reader.Output, r => IsPower(r, reader.Output)))
            || (reader.Op is Add && IsLogSum(reader.Inputs[0])));

        // e^(x - m), and the log-softmax.
        bool IsPower(Node reader, Value shifted) => reader.Op is Exp ? AreAll(reader.Output, r => IsSummed(r, reader.Output))
            : reader.Op is Sub && reader.Inputs[0] == shifted && IsLogSum(reader.Inputs[1]);

        // The sum of e^(x - m), and the softmax.
        bool IsSummed(Node reader, Value power) => reader.Op is Reduce { Kind: ReduceKind.Sum } sum ? sum.Axes == axes
                && AreAll(reader.Output, r => (r.Op is Div && SumOf(r.Inputs[1])?.Inputs[0] == r.Inputs[0] && r.Inputs[0] == power)
                    || r.Op is Equal
                    || (r.Op is Where && SumOf(r.Output) == reader && AreAll(r.Output, d => d.Op is Div && d.Inputs[0] == power && d.Inputs[1] == r.Output))
                    || (r.Op is Log && AreAll(r.Output, l => (l.Op is Sub && l.Inputs[1] == r.Output && l.Inputs[0] == power.Producer!.Inputs[0])
                        || (l.Op is Add && l.Inputs[0] == r.Output && l.Inputs[1] == shift))))
            : reader.Op is Div && reader.Inputs[0] == power && SumOf(reader.Inputs[1])?.Inputs[0] == power;

        bool IsLogSum(Value value) => LogSumOf(value) is { } sum && ExponentOf(sum.Inputs[0])?.Producer is { Op: Sub } shifted
            && shifted.Inputs[0] == x && shifted.Inputs[1] == shift && ((Reduce)sum.Op).Axes == axes;
    }

    private bool AreAll(Value value, Func<Node, bool> reads) => !_roots.Contains(value) && _readers.TryGetValue(value, out var list) && list.All(reads);
}
