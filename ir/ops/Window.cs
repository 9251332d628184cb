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
    /// <summary>Whether an input of one position or more can be shorter than the window by less than a stride.</summary>
    public bool IsCut => Stride > 1 && !((PadBegin + PadEnd - (Dilation * (Kernel - 1))) is { IsConstant: true, Constant: >= 0 });

    /// <summary>
    /// The number of outputs for <paramref name="input"/> positions:
    /// <c>floor((input + PadBegin + PadEnd - Dilation*(Kernel - 1) - 1) / Stride) + 1</c>, or with the ceiling instead, but then no window
    /// starts in the end padding. Teaches that it is not negative (a guard where that is not proved).
    /// </summary>
    /// <param name="c">Where the operator is typed.</param>
    /// <param name="input">Positions of the input.</param>
    /// <param name="isCeiling">Whether the number rounds up.</param>
    /// <param name="mayCut">
    /// Whether the only window may reach over the end (<see cref="IsCut"/>): then the division truncates, as in ONNX's shape inference and in ONNX
    /// Runtime, so that an input that is shorter than the window by less than a stride has one output and not none.
    /// </param>
    public Dim OutputDim(InferContext c, Dim input, bool isCeiling, bool mayCut = false)
    {
        var room = input + PadBegin + PadEnd - (Dilation * (Kernel - 1)) - 1;
        c.Require(c.Dims.Zero, Relation.LessOrEqual, room + Stride, "the padded input should hold the window");
        if (!isCeiling || Stride == 1)
        {
            return mayCut && IsCut ? WholeOrOne(room + Stride, Stride) : room.FloorDiv(Stride) + 1;
        }

        // The last window starts at (out - 1)*Stride < input + PadBegin.
        return (room.CeilDiv(Stride) + 1).Min((input + PadBegin - 1).FloorDiv(Stride) + 1);
    }

    /// <summary>
    /// <c>floor(room / stride)</c>, but 1 for any positive room below a stride. Repeated halving, as of a network's stages, stays one such form of
    /// the first stage's room.
    /// </summary>
    private static Dim WholeOrOne(Dim room, long stride)
    {
        if (room.Kind == DimKind.Max && room.Operands is [var one, var other]
            && (one.Kind == DimKind.Min ? one : other) is { Kind: DimKind.Min, Operands: [var first, var second] } least
            && (one == least ? other : one) is { Kind: DimKind.FloorDiv, Operands: [_, { IsConstant: true } before] })
        {
            var original = first.IsConstant ? second : first;
            if (room == Form(original, before.Constant) && before.Constant <= long.MaxValue / stride)
            {
                return Form(original, before.Constant * stride);
            }
        }

        return Form(room, stride);

        static Dim Form(Dim room, long stride) => room.FloorDiv(stride).Max(room.Min(1));
    }
}
