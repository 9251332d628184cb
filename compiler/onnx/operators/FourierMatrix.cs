using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>The discrete Fourier transform as products with matrices of cosines and sines, which are constants where the length is known.</summary>
internal sealed class FourierMatrix
{
    /// <summary>Elements up to which a matrix is a constant of the model rather than computed in each run.</summary>
    private const long MaximumConstant = 1 << 23;

    private readonly OnnxNode _node;
    private readonly Value _cosine;
    private readonly Value _sine;

    /// <summary>Matrices <c>[rows, columns]</c> of the angles <c>2*pi*row*column/length</c>, with row i scaled by <paramref name="weights"/> [rows].</summary>
    public FourierMatrix(OnnxNode node, ElementType element, Dim length, Dim rows, Dim columns, Value? weights = null)
    {
        _node = node;
        if (length is { IsConstant: true, Constant: > 0 } && (rows * columns) is { IsConstant: true, Constant: <= MaximumConstant })
        {
            Value Known(Func<double, double> function) =>
                Weighted(node.Emit(Constant(element, length.Constant, rows.Constant, columns.Constant, function)), weights);
            (_cosine, _sine) = (Known(Math.Cos), Known(Math.Sin));
            return;
        }

        var row = node.Emit(new Iota(ElementType.Int64, [rows, node.Dims.One], 0));
        var column = node.Emit(new Iota(ElementType.Int64, [node.Dims.One, columns], 1));

        // Whole turns are taken out while the numbers are integers: the angle stays exact however long the transform is.
        var turn = node.Emit(new Mod(), node.Times(row, column), node.Scalar(length));
        var angle = node.Times(node.Over(node.As(turn, ElementType.Float64), node.Number(length, ElementType.Float64)), 2 * Math.PI);
        Value Matrix(Op function) => Weighted(node.As(node.Emit(function, angle), element), weights);
        (_cosine, _sine) = (Matrix(new Cos()), Matrix(new Sin()));
    }

    /// <summary>
    /// <c>sum over rows of (real + i*imaginary) * exp(-+i*angle)</c>, with plus for the inverse (which is not scaled). The parts are
    /// <c>[..., rows]</c> and <c>[..., columns]</c>; a null imaginary part is 0.
    /// </summary>
    public (Value Real, Value Imaginary) Transform(Value real, Value? imaginary, bool isInverse)
    {
        var (re, im) = (_node.Multiplied(real, _cosine), _node.Multiplied(real, _sine));
        im = isInverse ? im : _node.Negative(im);
        if (imaginary is null)
        {
            return (re, im);
        }

        var (cosine, sine) = (_node.Multiplied(imaginary, _cosine), _node.Multiplied(imaginary, _sine));
        return (isInverse ? _node.Minus(re, sine) : _node.Plus(re, sine), _node.Plus(im, cosine));
    }

    private static Tensor Constant(ElementType element, long length, long rows, long columns, Func<double, double> function)
    {
        var matrix = new Tensor(element, rows, columns);
        for (var i = 0L; i < matrix.Count; i++)
        {
            matrix.SetDouble(i, function(2 * Math.PI * (i / columns * (i % columns) % length) / length));
        }

        return matrix;
    }

    private Value Weighted(Value matrix, Value? weights) => weights is null ? matrix : _node.Times(matrix, _node.Unsqueezed(weights, 1));
}
