using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX DFT of <c>[..., 1 or 2]</c> (real, or real and imaginary part) along an axis: of all or with <c>onesided</c> the first half of the
/// frequencies, and inverse; an inverse of one side gives real numbers.
/// </summary>
internal sealed class DFTOperator : IOnnxOperator
{
    public string Type => "DFT";

    public void Import(OnnxNode node)
    {
        var input = node.Input(0);
        var rank = input.Type.Rank;
        if (rank < 2 || input.Type.Shape[^1] is { IsConstant: true, Constant: not (1 or 2) })
        {
            throw node.Error($"expects [..., 1 or 2], found {input.Type}");
        }

        if (!input.Type.Shape[^1].IsConstant)
        {
            throw node.Unsupported($"input {input.Type}, where it is open whether there is an imaginary part");
        }

        var x = node.Widened(input);
        var shape = new Shape(input.Type.Shape.Dims[..^1]);
        var axis = node.Opset >= 20 && node.HasInput(2) ? RuntimeAxis.OfInput(node, 2, shape, rank)
            : new RuntimeAxis(node, node.Opset < 20 ? node.Int("axis", 1) : -2, shape, rank);

        // The parts as [outer, inner, extent].
        Value Part(long i) =>
            node.Permuted(axis.Open(node.Squeezed(node.Sliced(x, rank - 1, node.Dims.Const(i), node.Dims.One), rank - 1)), 0, 2, 1);
        var real = Part(0);
        var imaginary = input.Type.Shape[^1].Is(2) ? Part(1) : null;

        var (isInverse, isOneSided) = (node.Flag("inverse"), node.Flag("onesided"));
        var isHalfGiven = isInverse && isOneSided;
        var length = node.HasInput(1) ? node.Size(1) : isHalfGiven ? (axis.Extent - 1) * 2 : axis.Extent;
        var half = length.FloorDiv(2) + 1;
        var rows = isHalfGiven ? half : length;
        real = Fit(node, real, rows);
        imaginary = imaginary is null ? null : Fit(node, imaginary, rows);

        var element = x.Type.Element;
        var weights = isHalfGiven ? HalfWeights(node, element, length, half) : null;
        var matrix = new FourierMatrix(node, element, length, rows, isOneSided && !isInverse ? half : length, weights);
        var (re, im) = matrix.Transform(real, imaginary, isInverse);
        if (isInverse)
        {
            var count = node.Number(length, element);
            (re, im) = (node.Over(re, count), node.Over(im, count));
        }

        var parts = isHalfGiven ? node.Unsqueezed(re, 3) : node.Joined(3, node.Unsqueezed(re, 3), node.Unsqueezed(im, 3));
        node.SetOutput(0, node.As(axis.Close(node.Permuted(parts, 0, 2, 1, 3)), input.Type.Element));
    }

    /// <summary>The last axis cut, or lengthened with zeros.</summary>
    private static Value Fit(OnnxNode node, Value x, Dim length)
    {
        var missing = node.Facts.Simplify(length - x.Type.Shape[^1]);
        if (missing.Is(0))
        {
            return x;
        }

        var before = Enumerable.Repeat(node.Dims.Zero, x.Type.Rank - 1);
        return node.Emit(new Pad(PadMode.Constant, [.. before, node.Dims.Zero], [.. before, missing]), x);
    }

    /// <summary>How often each frequency of one side counts: those that have a mirror image twice.</summary>
    private static Value HalfWeights(OnnxNode node, ElementType element, Dim length, Dim half)
    {
        var i = node.Emit(new Iota(ElementType.Int64, [half], 0));
        var isOwnMirror = node.Emit(new Or(), node.IsEqual(i, 0), node.IsEqual(node.Times(i, 2), node.Scalar(length)));
        return node.Choose(isOwnMirror, node.Scalar(element, 1), node.Scalar(element, 2));
    }
}
