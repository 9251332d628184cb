using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Simplify;

/// <summary>
/// A product by one constant per output channel after a convolution or matrix product with constant weights goes into the weights, past a bias in
/// between: <c>(conv(x, w) + b) * c = conv(x, w*c) + b*c</c>. Batch normalisation, which is imported as a product and a sum, ends up as the bias.
/// </summary>
public sealed class FoldScaleIntoWeights : Rewrite
{
    public override string Name => "fold-scale-into-weights";

    protected override bool NeedsUses => true;

    protected override Value? Replace(Match m)
    {
        if (m.Op is not Mul || m.Type.Element != ElementType.Float32 || m.Constant(1) is not { } scale || !m.IsOnlyUse(0)
            || m.Node.Inputs[0].Producer is not { } source)
        {
            return null;
        }

        if (Scaled(m, m.Inputs[0], scale) is { } product)
        {
            return m.IfSameType(product);
        }

        if (m.Made<Add>(0) is null || Match.ConstantOf(m.From(0, 1)) is null || source.Op is not Add
            || m.Uses!.GetValueOrDefault(source.Inputs[0]) != 1 || Scaled(m, m.From(0), scale) is not { } inner)
        {
            return null;
        }

        var bias = m.Make(new Mul(), m.From(0, 1), m.Inputs[1]);
        return m.IfSameType(m.Merge(m.Inputs[0], new Add(), inner, bias));
    }

    /// <summary>The contraction that makes a value, with its weights scaled; null where the value or the scale is of another kind.</summary>
    private static Value? Scaled(Match m, Value product, Tensor scale)
    {
        if (product.Producer is not { Op: Conv or MatMul } node || node.Inputs.Length < 2 || Match.ConstantOf(node.Inputs[1]) is not { } weights
            || weights.Element != ElementType.Float32)
        {
            return null;
        }

        var rank = product.Type.Rank;
        var (channelAxis, weightAxis) = node.Op is Conv ? (1, 0) : (rank - 1, weights.Rank - 1);
        if (!IsPerChannel(scale, rank, channelAxis) || (scale.Count != 1 && scale.Count != weights.Dims[weightAxis]))
        {
            return null;
        }

        var shape = new long[weights.Rank];
        Array.Fill(shape, 1);
        shape[weightAxis] = scale.Count;
        var factor = m.Make(new Constant(scale.Reshape(shape)));
        return m.Merge(product, node.Op, node.Inputs[0], m.Make(new Mul(), node.Inputs[1], factor));
    }

    private static bool IsPerChannel(Tensor scale, int rank, int channelAxis)
    {
        for (var axis = 0; axis < scale.Rank; axis++)
        {
            if (scale.Dims[axis] != 1 && axis + rank - scale.Rank != channelAxis)
            {
                return false;
            }
        }

        return scale.Rank <= rank;
    }
}
