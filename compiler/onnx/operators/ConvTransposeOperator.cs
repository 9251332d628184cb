using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX ConvTranspose: <c>x [N, C, spatial...]</c>, <c>w [C, M/group, kernel...]</c>, bias <c>[M]</c>. Becomes a convolution of stride 1. Without
/// dilation it computes, for each input place, all <c>stride</c> neighbouring outputs as channels, which are then interleaved (so a
/// kernel as long as its stride is a pointwise convolution); with dilation or an unknown kernel it reads an input spread by the stride.
/// </summary>
internal sealed class ConvTransposeOperator : IOnnxOperator
{
    public string Type => "ConvTranspose";

    public void Import(OnnxNode node)
    {
        var (x, w) = (node.Input(0), node.Input(1));
        var (type, rank) = (x.Type.Element, x.Type.Rank - 2);
        var kernel = w.Type.Shape.Dims[2..];
        if (rank < 1 || kernel.Length != rank)
        {
            throw node.Error($"expects input and weights of one rank, found {x.Type} and {w.Type}");
        }

        var taps = kernel.ToArray();
        var given = node.IntsOrNull("kernel_shape") ?? [];
        for (var axis = 0; axis < Math.Min(rank, given.Length); axis++)
        {
            taps[axis] = node.Dims.Const(given[axis]);
            node.RequireEqual(kernel[axis], taps[axis], "kernel");
        }

        var groups = node.Int("group", 1);
        var (strides, dilations) = (Spatial.List(node, "strides", rank, 1), Spatial.List(node, "dilations", rank, 1));
        var (begin, sizes) = Place(node, x.Type.Shape, taps, strides, dilations);
        var weights = Regrouped(node, w, groups);
        var y = dilations.All(d => d == 1) && taps.All(k => k.IsConstant)
            ? Interleaved(node, x, weights, [.. taps.Select(k => k.Constant)], strides, begin, sizes, groups, node.OptionalInput(2))
            : ConvOperator.Biased(node, Spread(node, x, weights, taps, strides, dilations, begin, sizes, groups), node.OptionalInput(2));
        node.SetOutput(0, node.As(y, type));
    }

    /// <summary>Where the result begins in the full transposed convolution, and its size, for each spatial axis.</summary>
    private static (Dim[] Begin, Dim[] Sizes) Place(OnnxNode node, Shape x, Dim[] taps, long[] strides, long[] dilations)
    {
        var rank = taps.Length;
        var (begin, sizes) = (new Dim[rank], new Dim[rank]);
        var extra = Spatial.List(node, "output_padding", rank, 0);
        var pads = Spatial.List(node, "pads", 2 * rank, 0);
        var mode = node.String("auto_pad", "NOTSET");
        var wanted = node.IntsOrNull("output_shape");
        if (wanted is not null && wanted.Length < rank)
        {
            throw node.Error($"expects an output_shape of {rank} spatial axes, found {wanted.Length}");
        }

        for (var axis = 0; axis < rank; axis++)
        {
            var full = ((x[axis + 2] - 1) * strides[axis]) + ((taps[axis] - 1) * dilations[axis]) + 1 + extra[axis];
            var isSame = mode is "SAME_UPPER" or "SAME_LOWER";
            if (wanted is not null || isSame)
            {
                // Some exporters put batch and channels into the wanted shape.
                sizes[axis] = wanted is null ? x[axis + 2] * strides[axis] : node.Dims.Const(wanted[wanted.Length - rank + axis]);
                var total = full - sizes[axis];
                begin[axis] = mode == "SAME_UPPER" ? total.FloorDiv(2) : total - total.FloorDiv(2);
                if (total is { IsConstant: true, Constant: < 0 })
                {
                    begin[axis] = node.Dims.Zero;
                }
            }
            else
            {
                var (first, last) = mode == "VALID" ? (0, 0) : (pads[axis], pads[axis + rank]);
                (begin[axis], sizes[axis]) = (node.Dims.Const(first), full - first - last);
            }
        }

        return (begin, sizes);
    }

    /// <summary>Weights <c>[C, M/group, kernel...]</c> as <c>[M, C/group, kernel...]</c>, as a convolution has them.</summary>
    private static Value Regrouped(OnnxNode node, Value w, long groups)
    {
        var shape = w.Type.Shape;
        var (inner, outer) = (shape[0].FloorDiv(groups), shape[1]);
        var split = node.Shaped(w, [node.Dims.Const(groups), inner, .. shape.Dims[1..]]);
        var turned = node.Permuted(split, [0, 2, 1, .. Enumerable.Range(3, shape.Rank - 2)]);
        return node.Shaped(turned, [outer * groups, inner, .. shape.Dims[2..]]);
    }

    /// <summary>
    /// All <c>stride</c> phases at once: output <c>q*stride + r</c> is the sum over t of <c>x[q - t] * w[t*stride + r]</c>, a convolution whose
    /// output channels are (m, r...) and whose outputs interleave.
    /// </summary>
    private static Value Interleaved(
        OnnxNode node, Value x, Value w, long[] taps, long[] strides, Dim[] begin, Dim[] sizes, long groups, Value? bias)
    {
        var (rank, dims) = (taps.Length, node.Dims);
        var (channels, inner) = (w.Type.Shape[0], w.Type.Shape[1]);
        var (short_, needed) = (new long[rank], new Dim[rank]);
        for (var axis = 0; axis < rank; axis++)
        {
            // Enough taps to reach the end of the result, which output padding may move past the last input's reach.
            needed[axis] = begin[axis] + sizes[axis];
            var reach = node.Facts.Simplify(needed[axis] - ((x.Type.Shape[axis + 2] - 1) * strides[axis]));
            var length = Math.Max(taps[axis], reach.IsConstant ? reach.Constant : taps[axis]);
            short_[axis] = (length + strides[axis] - 1) / strides[axis];
        }

        // [M, C, k...] to [M, C, t, r, ...] to [M, r..., C, t...], padded with zeros to whole phases and with t turned around.
        var padding = Enumerable.Range(0, rank).Select(axis => dims.Const((short_[axis] * strides[axis]) - taps[axis])).ToArray();
        if (padding.Any(p => !p.Is(0)))
        {
            w = node.Emit(new Pad(PadMode.Constant, [.. Enumerable.Repeat(dims.Zero, rank + 2)], [dims.Zero, dims.Zero, .. padding]), w);
        }

        Dim[] split = [.. Enumerable.Range(0, rank).SelectMany(axis => new[] { dims.Const(short_[axis]), dims.Const(strides[axis]) })];
        w = node.Shaped(w, [channels, inner, .. split]);
        w = node.Permuted(w, [0, .. Enumerable.Range(0, rank).Select(axis => 3 + (2 * axis)), 1, .. Enumerable.Range(0, rank).Select(axis => 2 + (2 * axis))]);
        var all = strides.Aggregate(channels, (product, stride) => product * stride);
        w = node.Shaped(w, [all, inner, .. short_.Select(dims.Const)]);
        w = Reversed(node, w);

        ValueList<Dim> pads = [.. short_.Select(t => dims.Const(t - 1))];
        ValueList<long> ones = [.. Enumerable.Repeat(1L, rank)];
        var y = node.Emit(new Conv(ones, ones, pads, pads, groups, Accumulator(x)), x, w);
        if (bias is not null && begin.Select((first, axis) => first + sizes[axis]).Zip(y.Type.Shape.Dims[2..].Select((q, axis) => q * strides[axis]))
            .All(p => node.Facts.ProveLessOrEqual(p.First, p.Second) == Proof.True))
        {
            // Each channel's bias for all its phases: it is added where the convolution ends.
            var phases = node.Dims.Const(RowMajor.Count(strides));
            y = ConvOperator.Biased(node, y, node.Shaped(node.Repeated(node.Unsqueezed(bias, 1), [channels, phases]), [all]));
            bias = null;
        }

        // [N, (m, r...), q...] to [N, m, q, r, ...] to [N, m, q*stride + r, ...].
        var places = y.Type.Shape.Dims[2..];
        y = node.Shaped(y, [x.Type.Shape[0], channels, .. strides.Select(dims.Const), .. places]);
        y = node.Permuted(y, [0, 1, .. Enumerable.Range(0, rank).SelectMany(axis => new[] { 2 + rank + axis, 2 + axis })]);
        y = node.Shaped(y, [x.Type.Shape[0], channels, .. places.Select((q, axis) => q * strides[axis])]);
        return ConvOperator.Biased(node, Cropped(node, y, begin, sizes), bias);
    }

    /// <summary>The textbook form: zeros between the inputs, then a convolution with the kernel turned around.</summary>
    private static Value Spread(
        OnnxNode node, Value x, Value w, Dim[] taps, long[] strides, long[] dilations, Dim[] begin, Dim[] sizes, long groups)
    {
        var rank = taps.Length;
        var spread = strides.All(s => s == 1) ? x : node.Emit(new Dilate([1, 1, .. strides]), x);
        var (before, after) = (new Dim[rank], new Dim[rank]);
        for (var axis = 0; axis < rank; axis++)
        {
            var reach = (taps[axis] - 1) * dilations[axis];
            before[axis] = reach - begin[axis];
            after[axis] = sizes[axis] + reach - before[axis] - spread.Type.Shape[axis + 2];
        }

        ValueList<long> ones = [.. Enumerable.Repeat(1L, rank)];
        return node.Emit(new Conv(ones, [.. dilations], [.. before], [.. after], groups, Accumulator(x)), spread, Reversed(node, w));
    }

    /// <summary>The spatial axes of weights back to front.</summary>
    private static Value Reversed(OnnxNode node, Value w)
    {
        var (shape, dims) = (w.Type.Shape, node.Dims);
        if (shape.Dims[2..].All(k => k.Is(1)))
        {
            return w;
        }

        return node.Emit(new Slice([dims.Zero, dims.Zero, .. shape.Dims[2..].Select(k => k - 1)],
            [dims.One, dims.One, .. Enumerable.Repeat(dims.Const(-1), shape.Rank - 2)], shape), w);
    }

    /// <summary>A window of the spatial axes; what lies beyond the end is 0.</summary>
    private static Value Cropped(OnnxNode node, Value y, Dim[] begin, Dim[] sizes)
    {
        for (var axis = 0; axis < begin.Length; axis++)
        {
            var extent = y.Type.Shape[axis + 2];
            if (node.Facts.ProveLessOrEqual(begin[axis] + sizes[axis], extent) != Proof.True)
            {
                var missing = (begin[axis] + sizes[axis] - extent).Max(0);
                ValueList<Dim> ends = [.. Enumerable.Range(0, y.Type.Rank).Select(i => i == axis + 2 ? missing : node.Dims.Zero)];
                y = node.Emit(new Pad(PadMode.Constant, [.. Enumerable.Repeat(node.Dims.Zero, y.Type.Rank)], ends), y);
            }

            y = node.Sliced(y, axis + 2, begin[axis], sizes[axis]);
        }

        return y;
    }

    private static ElementType Accumulator(Value x) =>
        x.Type.Element is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : x.Type.Element;
}
