using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX CausalConvWithState (opset 27): a depthwise convolution of <c>[B, C, L]</c> with <c>[C, 1, k]</c> over the last k - 1 positions before (zeros where no
/// state is given) and the input, and those positions for the next call.
/// </summary>
internal sealed class CausalConvWithStateOperator : IOnnxOperator
{
    public string Type => "CausalConvWithState";

    public void Import(OnnxNode node)
    {
        var (x, w) = (node.Input(0), node.Input(1));
        if (x.Type.Rank != 3 || w.Type.Rank != 3)
        {
            throw node.Error($"expects [B, C, L] and [C, 1, k], found {x.Type} and {w.Type}");
        }

        var (shape, type) = (x.Type.Shape, x.Type.Element);
        node.RequireEqual(shape[1], w.Type.Shape[0], "channels");
        if (node.Facts.Simplify(shape[1]) is not { IsConstant: true, Constant: var channels })
        {
            throw node.Unsupported($"{shape[1]} channels, where their number must be known");
        }

        var reach = w.Type.Shape[2] - 1;
        var past = node.OptionalInput(3) ?? node.Repeated(node.Scalar(type, 0), [shape[0], shape[1], reach]);
        var all = reach.Is(0) ? x : node.Joined(2, past, x);
        var accumulator = Arithmetic.Wide(type);
        ValueList<Dim> none = [node.Dims.Zero];
        var y = node.Emit(new Conv([1], [1], none, none, channels, accumulator), all, w);
        y = node.Shaped(ConvOperator.Biased(node, y, node.OptionalInput(2)), shape);
        y = node.String("activation", "none") switch
        {
            "none" => y,
            "silu" or "swish" => node.Times(y, node.Emit(new Sigmoid(), y)),
            var other => throw node.Error($"has activation '{other}'"),
        };
        node.SetOutput(0, node.As(y, type));
        node.SetOutput(1, node.Sliced(all, 2, shape[2], reach));
    }
}
