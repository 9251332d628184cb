using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>The derivatives of a <see cref="Conv"/> of <c>x [N, C, in...]</c> with <c>w [M, C/groups, kernel...]</c> to <c>y [N, M, out...]</c>.</summary>
internal static class ConvGradient
{
    /// <summary>
    /// The transposed convolution: the gradient with <c>stride - 1</c> zeros between neighbours, convolved with the weights turned around.
    /// </summary>
    public static Value OfInput(DifferentiateContext c, Conv op)
    {
        var (x, w) = (c.Input(0).Type, c.Input(1));
        var rank = x.Rank - 2;
        var gradient = c.As(c.Gradient(), w.Type.Element);
        var spread = op.Strides.All(s => s == 1) ? gradient : c.Emit(new Dilate([1, 1, .. op.Strides]), gradient);
        var (before, after) = (new Dim[rank], new Dim[rank]);
        for (var axis = 0; axis < rank; axis++)
        {
            var reach = (w.Type.Shape[axis + 2] - 1) * op.Dilations[axis];
            before[axis] = reach - op.PadsBegin[axis];
            after[axis] = x.Shape[axis + 2] + reach - before[axis] - spread.Type.Shape[axis + 2];
        }

        // [M, C/groups, ...] to [C, M/groups, ...], each group for itself.
        var (shape, groups) = (w.Type.Shape, c.Dims.Const(op.Groups));
        var outputs = shape[0].FloorDiv(op.Groups);
        var turned = c.Permuted(c.Shaped(w, [groups, outputs, .. shape.Dims[1..]]), [0, 2, 1, .. Enumerable.Range(3, rank)]);
        turned = c.Reversed(c.Shaped(turned, [x.Shape[1], outputs, .. shape.Dims[2..]]), Enumerable.Range(2, rank).ToArray());
        return c.Emit(new Conv(Ones(rank), op.Dilations, [.. before], [.. after], op.Groups, OpWriter.Wide(w.Type.Element)), spread, turned);
    }

    /// <summary>
    /// The input convolved with the gradient, with images and channels exchanged: a tap of the kernel moves over the input by the dilation, an output by
    /// the stride.
    /// </summary>
    public static Value OfWeights(DifferentiateContext c, Conv op)
    {
        var (x, w) = (c.Input(0), c.Input(1).Type.Shape);
        var (from, rank, accumulator) = (x.Type.Shape, x.Type.Rank - 2, OpWriter.Wide(x.Type.Element));
        var gradient = c.As(c.Gradient(), x.Type.Element);
        var to = gradient.Type.Shape;
        if (IsPointwise(op, w))
        {
            var (pixels, channels) = (c.Dims.Product(from.Dims[2..]), from[1]);
            var product = c.Emit(
                new MatMul(accumulator), c.Shaped(gradient, [to[0], to[1], pixels]), c.Transposed(c.Shaped(x, [from[0], channels, pixels])));
            return c.Shaped(c.Sum(product, 0), w);
        }

        var (groups, inner, outer) = (c.Dims.Const(op.Groups), w[1], to[1].FloorDiv(op.Groups));
        var images = c.Permuted(c.Shaped(x, [from[0], groups, inner, .. from.Dims[2..]]), [2, 1, 0, .. Enumerable.Range(3, rank)]);
        images = c.Shaped(images, [inner, groups * from[0], .. from.Dims[2..]]);
        var kernels = c.Permuted(c.Shaped(gradient, [to[0], groups, outer, .. to.Dims[2..]]), [1, 2, 0, .. Enumerable.Range(3, rank)]);
        kernels = c.Shaped(kernels, [to[1], from[0], .. to.Dims[2..]]);
        var ends = new Dim[rank];
        for (var axis = 0; axis < rank; axis++)
        {
            // As many outputs as the kernel has taps: the last of them begins (taps - 1) * dilation after the first.
            var reach = ((w[axis + 2] - 1) * op.Dilations[axis]) + ((to[axis + 2] - 1) * op.Strides[axis]) + 1;
            ends[axis] = reach - from[axis + 2] - op.PadsBegin[axis];
        }

        var conv = new Conv(op.Dilations, op.Strides, op.PadsBegin, [.. ends], op.Groups, accumulator);
        return c.Permuted(c.Emit(conv, images, kernels), [1, 0, .. Enumerable.Range(2, rank)]);
    }

    private static bool IsPointwise(Conv op, Shape w) => op.Groups == 1 && op.Strides.All(s => s == 1)
        && op.PadsBegin.All(p => p.Is(0)) && op.PadsEnd.All(p => p.Is(0)) && w.Dims[2..].All(k => k.Is(1));

    private static ValueList<long> Ones(int count) => [.. Enumerable.Repeat(1L, count)];
}
