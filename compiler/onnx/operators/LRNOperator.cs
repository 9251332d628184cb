using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX LRN of <c>[N, C, spatial...]</c>: <c>x / (bias + alpha/size * sum(x^2 over size neighbouring channels))^beta</c>.
/// </summary>
internal sealed class LRNOperator : IOnnxOperator
{
    /// <summary>The window is unrolled.</summary>
    private const long LargestSize = 256;

    public string Type => "LRN";

    public void Import(OnnxNode node)
    {
        var input = node.Input(0);
        var (size, rank) = (node.Int("size"), input.Type.Rank);
        if (size < 1 || rank < 2)
        {
            throw node.Error($"expects [N, C, spatial...] and a positive size, found {input.Type} and {size}");
        }

        if (size > LargestSize)
        {
            throw node.Unsupported($"a window of {size} channels");
        }

        var (alpha, beta, bias) = (node.Float("alpha", 1e-4f), node.Float("beta", 0.75f), node.Float("bias", 1));
        node.SetOutput(0, node.InWide(input, x =>
        {
            var zeros = Enumerable.Repeat(node.Dims.Zero, rank).ToArray();
            var (begins, ends) = (zeros.ToArray(), zeros.ToArray());
            (begins[1], ends[1]) = (node.Dims.Const((size - 1) / 2), node.Dims.Const(size / 2));
            var padded = node.Emit(new Pad(PadMode.Constant, [.. begins], [.. ends]), node.Square(x));
            var channels = x.Type.Shape[1];
            var sum = node.Sliced(padded, 1, node.Dims.Zero, channels);
            for (var k = 1; k < size; k++)
            {
                sum = node.Plus(sum, node.Sliced(padded, 1, node.Dims.Const(k), channels));
            }

            var scale = node.Plus(node.Times(sum, (double)alpha / size), bias);
            return node.Over(x, node.Emit(new Pow(), scale, node.Scalar(x.Type.Element, beta)));
        }));
    }
}
