using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>A convolution as an implicit matrix product: weights <c>[channels out, channels in * taps]</c> are the rows, output pixels the columns.</summary>
internal abstract class ConvLowering : RootLowering
{
    protected ConvLowering(ProgramBuilder program, LoweringGroup group)
        : base(program, group)
    {
        Conv = (Conv)Root.Op;
        (X, W) = (Root.Inputs[0].Type.Shape, Root.Inputs[1].Type.Shape);
        Pixels = new Shape(Root.Output.Type.Shape.Dims[2..]);
        PixelCount = Pixels.ElementCount(program.Dims);
        Channels = W[0].FloorDiv(Conv.Groups);
        Depth = new Shape(W.Dims[1..]).ElementCount(program.Dims);
    }

    protected Conv Conv { get; }

    protected Shape X { get; }

    protected Shape W { get; }

    /// <summary>Spatial dims of the output.</summary>
    protected Shape Pixels { get; }

    protected Dim PixelCount { get; }

    /// <summary>Output channels of a group.</summary>
    protected Dim Channels { get; }

    /// <summary>Input channels of a group by taps.</summary>
    protected Dim Depth { get; }

    /// <summary>Output pixels are input pixels.</summary>
    protected bool IsPointwise => W.Dims[2..].All(d => d.Is(1)) && Conv.Strides.All(s => s == 1)
        && Conv.PadsBegin.All(p => p.Is(0)) && Conv.PadsEnd.All(p => p.Is(0));

    protected override Dim Flops => Root.Output.Type.Shape.ElementCount(Program.Dims) * Depth * 2;

    /// <summary>Splits a number below batch * groups.</summary>
    protected (Expr Batch, Expr Group) BatchAndGroup(Expr number)
    {
        var groups = Program.Dims.Const(Conv.Groups);
        var (batch, group) = Program.Math.DivMod(number, groups);
        return (Kernel.LetWithin(batch, X[0], "n"), Kernel.LetWithin(group, groups, "group"));
    }

    /// <summary>Whether a position on a spatial axis is in the image, and <paramref name="others"/> holds; the latter alone where it always is.</summary>
    protected Expr? Inside(Expr position, int axis, Expr? others)
    {
        if (DirectConvolution.IsInside(Emitter, Conv, Root, axis))
        {
            return others;
        }

        var test = DirectConvolution.Within(position, X[axis + 2]);
        return others is null ? test : ExprFactory.And(others, test);
    }
}
