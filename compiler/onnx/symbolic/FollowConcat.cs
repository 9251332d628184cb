using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows ONNX Concat, also where some of the inputs are data: the rest of the list stays known.</summary>
internal sealed class FollowConcat : ISymbolicOperator
{
    public string Type => "Concat";

    public bool TryFollow(OnnxNode node)
    {
        if (node.InputCount == 0 || !Enumerable.Range(0, node.InputCount).Any(i => node.Contents(i) is not null))
        {
            return false;
        }

        var parts = new SymbolicTensor[node.InputCount];
        var total = 0L;
        for (var i = 0; i < parts.Length; i++)
        {
            if (node.Contents(i) is { } known)
            {
                parts[i] = known;
            }
            else if (AsData(node.Argument(i)) is { } data)
            {
                parts[i] = data;
            }
            else
            {
                return false;
            }

            total += parts[i].Elements.Count;
        }

        var rank = parts[0].Dims.Count;
        if (rank == 0 || total > SymbolicTensor.MaximumElements || parts.Any(p => p.Element != parts[0].Element || p.Dims.Count != rank))
        {
            return false;
        }

        var axis = node.Axis(node.Int("axis"), rank);
        if (parts.Any(p => !p.Dims.Items.RemoveAt(axis).AsSpan().SequenceEqual(parts[0].Dims.Items.RemoveAt(axis).AsSpan())))
        {
            return false;
        }

        var outer = parts[0].Dims.Items[..axis].Aggregate(1, (x, y) => x * y);
        var elements = new List<SymbolicElement>((int)total);
        for (var row = 0; row < outer; row++)
        {
            foreach (var part in parts)
            {
                var width = part.Elements.Count / Math.Max(outer, 1);
                elements.AddRange(part.Elements.Items.AsSpan(row * width, width));
            }
        }

        var dims = parts[0].Dims.Items.SetItem(axis, parts.Sum(p => p.Dims[axis]));
        node.SetOutput(0, new SymbolicTensor(parts[0].Element, dims, elements.ToValueList()));
        return true;
    }

    /// <summary>A short list of integers of static length that is only known at run time.</summary>
    private static SymbolicTensor? AsData(OnnxValue value)
    {
        const int LongestList = 32;
        var type = value.Type;
        if (type.Element is not (ElementType.Int64 or ElementType.Int32) || type.Rank != 1 || !type.Shape[0].IsConstant
            || type.Shape[0].Constant > LongestList)
        {
            return null;
        }

        var count = (int)type.Shape[0].Constant;
        return new SymbolicTensor(type.Element, [count], Enumerable.Range(0, count).Select(i => SymbolicElement.Data(value, i)).ToValueList());
    }
}
