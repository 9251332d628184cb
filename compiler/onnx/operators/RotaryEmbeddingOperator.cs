using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX RotaryEmbedding of <c>[B, H, S, D]</c> or <c>[B, S, H*D]</c>: rotates pairs of the first <c>rotary_embedding_dim</c> (by default all) elements
/// of D by angles whose cosines and sines are given per position. A pair is an element of the first half and one of the second, or
/// neighbours where interleaved.
/// </summary>
internal sealed class RotaryEmbeddingOperator : IOnnxOperator
{
    public string Type => "RotaryEmbedding";

    public void Import(OnnxNode node)
    {
        var input = node.Input(0);
        var x = input;
        if (input.Type.Rank == 3)
        {
            var heads = node.Dims.Const(node.Int("num_heads"));
            var shape = input.Type.Shape;
            node.Require(shape[2], Relation.Divisible, heads, "the last axis should split into heads");
            x = node.Shaped(input, [shape[0], shape[1], heads, shape[2].FloorDiv(heads)]);
        }
        else if (input.Type.Rank == 4)
        {
            x = node.Permuted(input, 0, 2, 1, 3);
        }
        else
        {
            throw node.Error($"expects [B, H, S, D] or [B, S, H*D], found {input.Type}");
        }

        // From here on [B, S, H, D], against angles [B, S, 1, D/2].
        var size = x.Type.Shape[3];
        var rotated = node.Int("rotary_embedding_dim", 0) is > 0 and var part ? node.Dims.Const(part) : size;
        var (cos, sin) = (Angles(node, 1), Angles(node, 2));
        var turned = Rotate(node, node.Sliced(x, 3, node.Dims.Zero, rotated), cos, sin);
        var rest = node.Facts.Simplify(size - rotated);
        var y = rest.Is(0) ? turned : node.Joined(3, turned, node.Sliced(x, 3, rotated, rest));
        node.SetOutput(0, input.Type.Rank == 3 ? node.Shaped(y, input.Type.Shape) : node.Permuted(y, 0, 2, 1, 3));
    }

    private static Value Angles(OnnxNode node, int input)
    {
        var cache = node.Input(input);
        return node.Unsqueezed(node.OptionalInput(3) is { } positions ? node.Emit(new Gather(0), cache, positions) : cache, 2);
    }

    private static Value Rotate(OnnxNode node, Value x, Value cos, Value sin)
    {
        var shape = x.Type.Shape;
        node.Require(shape[3], Relation.Divisible, node.Dims.Const(2), "the rotated part should be even");
        var half = shape[3].FloorDiv(2);
        var isInterleaved = node.Flag("interleaved");

        // Pairs lie along the last axis of [.., half, 2], or along the one before it of [.., 2, half].
        var axis = isInterleaved ? 4 : 3;
        var pairs = node.Shaped(x, isInterleaved
            ? [shape[0], shape[1], shape[2], half, node.Dims.Const(2)] : [shape[0], shape[1], shape[2], node.Dims.Const(2), half]);
        Value Part(int i) => node.Squeezed(node.Sliced(pairs, axis, node.Dims.Const(i), node.Dims.One), axis);
        var (a, b) = (Part(0), Part(1));
        var real = node.Minus(node.Times(cos, a), node.Times(sin, b));
        var imaginary = node.Plus(node.Times(sin, a), node.Times(cos, b));
        return node.Shaped(node.Joined(axis, node.Unsqueezed(real, axis), node.Unsqueezed(imaginary, axis)), shape);
    }
}
