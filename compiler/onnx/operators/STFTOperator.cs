using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX STFT of <c>[B, samples, 1 or 2]</c> to <c>[B, frames, bins, 2]</c>: the transform of windowed frames, a step apart. The window is
/// multiplied into the matrix of the transform.
/// </summary>
internal sealed class STFTOperator : IOnnxOperator
{
    public string Type => "STFT";

    public void Import(OnnxNode node)
    {
        var signal = node.Widened(node.Input(0));
        if (signal.Type.Rank is not (2 or 3))
        {
            throw node.Error($"expects [B, samples, 1 or 2], found {signal.Type}");
        }

        var (dims, element) = (node.Dims, signal.Type.Element);
        var isComplex = signal.Type.Rank == 3 && signal.Type.Shape[2].Is(2);
        var step = node.Size(1);
        var window = node.OptionalInput(2) is { } given ? node.As(given, element) : null;
        if (window is not null && window.Type.Rank != 1)
        {
            throw node.Error($"expects a window of one axis, found {window.Type}");
        }

        var length = node.HasInput(3) ? node.Size(3) : window?.Type.Shape[0] ?? throw node.Error("needs a window or a frame length");
        if (window is not null)
        {
            node.RequireEqual(window.Type.Shape[0], length, "the length of the window");
        }

        var samples = signal.Type.Shape[1];
        node.Require(length, Relation.LessOrEqual, samples, "the length of a frame");
        var frames = (samples - length).FloorDiv(step) + 1;
        var start = node.Times(node.Emit(new Iota(ElementType.Int64, [frames, dims.One], 0)), node.Scalar(step));
        var places = node.Plus(start, node.Emit(new Iota(ElementType.Int64, [dims.One, length], 1)));
        Value Frames(long part)
        {
            var samplesOf = signal.Type.Rank == 2 ? signal : node.Squeezed(node.Sliced(signal, 2, dims.Const(part), dims.One), 2);
            return node.Emit(new Gather(1), samplesOf, places);
        }

        var bins = node.Flag("onesided", true) ? length.FloorDiv(2) + 1 : length;
        var matrix = new FourierMatrix(node, element, length, length, bins, window);
        var (re, im) = matrix.Transform(Frames(0), isComplex ? Frames(1) : null, isInverse: false);
        var type = node.InputType(0).Element;
        node.SetOutput(0, node.Joined(3, node.As(node.Unsqueezed(re, 3), type), node.As(node.Unsqueezed(im, 3), type)));
    }
}
