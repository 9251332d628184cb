using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>A sliding window along one axis, of a convolution or pooling.</summary>
/// <param name="Kernel">Taps.</param>
/// <param name="Stride">Input positions from one output to the next.</param>
/// <param name="Dilation">Input positions from one tap to the next.</param>
/// <param name="PadBegin">Positions added before the first input; may be negative.</param>
/// <param name="PadEnd">Positions added after the last input; may be negative.</param>
public sealed record Window(Dim Kernel, long Stride, long Dilation, Dim PadBegin, Dim PadEnd)
{
    /// <summary>
    /// The number of outputs for <paramref name="input"/> positions:
    /// <c>floor((input + PadBegin + PadEnd - Dilation*(Kernel - 1) - 1) / Stride) + 1</c>, or with the ceiling instead, but then no window
    /// starts in the end padding. Teaches that it is not negative (a guard where that is not proved).
    /// </summary>
    public Dim OutputDim(InferContext c, Dim input, bool isCeiling)
    {
        var room = input + PadBegin + PadEnd - (Dilation * (Kernel - 1)) - 1;
        c.Require(c.Dims.Zero, Relation.LessOrEqual, room + Stride, "the padded input should hold the window");
        if (!isCeiling || Stride == 1)
        {
            return room.FloorDiv(Stride) + 1;
        }

        // The last window starts at (out - 1)*Stride < input + PadBegin.
        return (room.CeilDiv(Stride) + 1).Min((input + PadBegin - 1).FloorDiv(Stride) + 1);
    }
}
