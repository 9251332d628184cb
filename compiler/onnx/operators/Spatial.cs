using Dlc.IR;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>The window attributes of convolutions and poolings: strides, dilations and pads of each spatial axis, with auto_pad resolved.</summary>
internal sealed record Spatial(ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin, ValueList<Dim> PadsEnd)
{
    /// <summary>
    /// Reads the attributes for an input <c>[N, C, spatial...]</c> and a kernel of one dim per spatial axis. Where a window is shorter than its stride
    /// auto_pad may come to less than nothing: pools then leave elements out on both sides, convolutions pad nothing (so does ONNX Runtime).
    /// </summary>
    public static Spatial Read(OnnxNode node, Shape input, IReadOnlyList<Dim> kernel, bool isPool = false)
    {
        var rank = input.Rank - 2;
        if (rank < 1 || kernel.Count != rank)
        {
            throw node.Error($"expects [N, C, spatial...] and a kernel dim for each spatial axis, found {input} and {kernel.Count} kernel dims");
        }

        var (strides, dilations) = (List(node, "strides", rank, 1), List(node, "dilations", rank, 1));
        var (begin, end) = (new Dim[rank], new Dim[rank]);
        switch (node.String("auto_pad", "NOTSET"))
        {
            case "NOTSET" or "":
                var pads = List(node, "pads", 2 * rank, 0);
                for (var axis = 0; axis < rank; axis++)
                {
                    (begin[axis], end[axis]) = (node.Dims.Const(pads[axis]), node.Dims.Const(pads[axis + rank]));
                }

                break;
            case "VALID":
                Array.Fill(begin, node.Dims.Zero);
                Array.Fill(end, node.Dims.Zero);
                break;
            case "SAME_UPPER" or "SAME_LOWER":
                for (var axis = 0; axis < rank; axis++)
                {
                    // As many outputs as the stride leaves of the input; the odd pad goes to the named side.
                    var (extent, stride) = (input[axis + 2], strides[axis]);
                    var reach = ((kernel[axis] - 1) * dilations[axis]) + 1;
                    var total = ((extent.CeilDiv(stride) - 1) * stride) + reach - extent;
                    var mayBeNegative = !(reach.IsConstant && reach.Constant >= stride);
                    total = mayBeNegative && !isPool ? total.Max(0) : total;
                    begin[axis] = Half(node.String("auto_pad") == "SAME_UPPER" ? total : total + 1, mayBeNegative && isPool);
                    end[axis] = total - begin[axis];
                }

                break;
            default:
                throw node.Error($"has auto_pad '{node.String("auto_pad")}'");
        }

        return new Spatial([.. strides], [.. dilations], [.. begin], [.. end]);
    }

    /// <summary>Half of a pad, rounded towards zero.</summary>
    private static Dim Half(Dim total, bool mayBeNegative) =>
        mayBeNegative ? total.Max(0).FloorDiv(2) - (-total).Max(0).FloorDiv(2) : total.FloorDiv(2);

    /// <summary>A list of one number per axis, which may be left out.</summary>
    public static long[] List(OnnxNode node, string name, int count, long otherwise)
    {
        var list = node.IntsOrNull(name) ?? [];
        return list.Length == 0 ? [.. Enumerable.Repeat(otherwise, count)]
            : list.Length == count ? list : throw node.Error($"expects {count} numbers in '{name}', found {list.Length}");
    }
}
