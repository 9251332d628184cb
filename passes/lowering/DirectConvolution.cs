using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// A convolution element as serial loops over channels of its group and kernel taps, at the place where it is pulled. The schedule of depthwise
/// convolutions, whose taps are too few for a register tile: lanes run along the last spatial axis.
/// </summary>
internal static class DirectConvolution
{
    public static Expr Emit(GroupEmitter emitter, Node node, Conv conv, Expr[] index)
    {
        var k = emitter.Kernel;
        var (x, w) = (node.Inputs[0], node.Inputs[1]);
        var (xShape, wShape) = (x.Type.Shape, w.Type.Shape);
        var dims = emitter.Program.Dims;
        var perGroup = node.Output.Type.Shape[1].FloorDiv(conv.Groups);
        var group = conv.Groups == 1 ? ExprFactory.Int(0)
            : perGroup.Is(1) ? index[1] : ExprFactory.Binary(BinaryOp.FloorDiv, index[1], ExprFactory.Dim(perGroup));
        var accumulator = k.Declare(ExprFactory.Literal(0, conv.Accumulator), "acc");
        var spatial = xShape.Rank - 2;
        var xIndex = new Expr[xShape.Rank];
        var wIndex = new Expr[wShape.Rank];
        (xIndex[0], wIndex[0]) = (index[0], index[1]);

        void Taps(int axis, Expr? inside)
        {
            if (axis == spatial)
            {
                Expr Read() => ExprFactory.Cast(conv.Accumulator, emitter.Pull(x, [.. xIndex]));
                var value = inside is null ? Read() : emitter.Guarded(inside, Read, ExprFactory.Literal(0, conv.Accumulator));
                var weight = ExprFactory.Cast(conv.Accumulator, emitter.Pull(w, [.. wIndex]));
                k.Assign(accumulator, ExprFactory.Read(accumulator) + (value * weight));
                return;
            }

            void Tap(Expr tap)
            {
                var position = (index[axis + 2] * conv.Strides[axis]) + (tap * conv.Dilations[axis]) - ExprFactory.Dim(conv.PadsBegin[axis]);
                (xIndex[axis + 2], wIndex[axis + 2]) = (position, tap);
                var condition = inside;
                if (!IsInside(emitter, conv, node, axis))
                {
                    var test = Within(position, xShape[axis + 2]);
                    condition = k.Let(inside is null ? test : ExprFactory.And(inside, test), "inside");
                }

                Taps(axis + 1, condition);
            }

            if (wShape[axis + 2].Is(1))
            {
                Tap(ExprFactory.Int(0));
            }
            else
            {
                k.Loop("tap", ExprFactory.Int(0), ExprFactory.Dim(wShape[axis + 2]), wShape[axis + 2].IsConstant ? LoopKind.Unrolled : LoopKind.Serial, Tap);
            }
        }

        void Channel(Expr channel)
        {
            wIndex[1] = channel;
            xIndex[1] = (group * ExprFactory.Dim(wShape[1])) + channel;
            Taps(0, null);
        }

        if (wShape[1].Is(1))
        {
            Channel(ExprFactory.Int(0));
        }
        else
        {
            k.Serial(ExprFactory.Dim(wShape[1]), Channel, "channel");
        }

        return ExprFactory.Read(accumulator);
    }

    /// <summary>Whether a position lies in <c>[0, extent)</c>.</summary>
    public static Expr Within(Expr position, Dim extent) =>
        ExprFactory.And(ExprFactory.LessOrEqual(ExprFactory.Int(0), position), ExprFactory.Less(position, ExprFactory.Dim(extent)));

    /// <summary>True when no tap of the axis ever falls into padding.</summary>
    public static bool IsInside(GroupEmitter emitter, Conv conv, Node node, int axis) =>
        emitter.Program.Facts.ProveLessOrEqual(conv.PadsBegin[axis], emitter.Program.Dims.Zero) == Proof.True
        && emitter.Program.Facts.ProveLessOrEqual(conv.PadsEnd[axis], emitter.Program.Dims.Zero) == Proof.True;
}
