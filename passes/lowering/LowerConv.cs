using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// Convolution as an implicit matrix product: weights <c>[channels out, channels in * taps]</c> are the rows, output pixels the columns. Work
/// items are (batch, group, panel of pixels): the item gathers its panel of <c>[channels in * taps, pixels]</c> into scratch, row piece by
/// row piece of the output image, and runs tiles over all output channels. Convolutions with few channels per group go through
/// <see cref="DirectConvolution"/>.
/// </summary>
internal sealed class LowerConv : ConvLowering
{
    /// <summary>Output channels per group from which a register tile pays.</summary>
    private const long ChannelsWorthTiling = 4;

    /// <summary>Up to so many output channels a 1x1 convolution reads its input in place: each panel is used too seldom to be copied.</summary>
    private const long ChannelsReadInPlace = 32;

    private readonly TileShape _tile;

    private LowerConv(ProgramBuilder program, LoweringGroup group)
        : base(program, group) => _tile = TileShape.For(program.Machine, PixelCount);

    public static void Run(ProgramBuilder program, LoweringGroup group)
    {
        var conv = (Conv)group.Root.Op;
        var channels = group.Root.Inputs[1].Type.Shape[0].FloorDiv(conv.Groups);
        if (channels is { IsConstant: true, Constant: < ChannelsWorthTiling } || group.Contains(group.Root.Inputs[0]))
        {
            LowerLoops.Run(program, group);
        }
        else if (program.Machine.Gpu is not null)
        {
            GpuConv.Run(program, group);
        }
        else
        {
            new LowerConv(program, group).Run();
        }
    }

    private void Run()
    {
        var dims = Program.Dims;
        var panels = PixelCount.CeilDiv(_tile.Columns);
        var step = ExprFactory.Dim(_tile.PanelStep(PixelCount));
        var x = Emitter.Input(Root.Inputs[0]);
        var w = Emitter.Input(Root.Inputs[1]);
        var isPointwise = IsPointwise;
        var readsInPlace = isPointwise && Channels is { IsConstant: true, Constant: <= ChannelsReadInPlace };
        var scratch = Kernel.Scratch("panel", Root.Inputs[0].Type.Element, Depth * _tile.Columns);
        Kernel.Parallel(X[0] * Conv.Groups * panels, item =>
        {
            var (rest, panel) = Program.Math.DivMod(item, panels);
            var (batch, group) = BatchAndGroup(rest);
            var pixel = Kernel.Let(panel * step, "pixel");
            var valid = Kernel.Let(ExprFactory.Max(ExprFactory.Int(0), ExprFactory.Min(step, ExprFactory.Dim(PixelCount) - pixel)), "valid");
            var image = Kernel.Let(((batch * ExprFactory.Dim(X[1])) + (group * ExprFactory.Dim(W[1])))
                * ExprFactory.Dim(new Shape(X.Dims[2..]).ElementCount(dims)), "image");
            void Tiles(KernelBuffer b, Expr bBase, Expr bStride) => TileLoops.OverWidths(Kernel, valid, PixelCount, _tile, width =>
                TileLoops.OverRows(Kernel, ExprFactory.Int(0), ExprFactory.Dim(Channels), Channels, _tile.Rows, (height, row) =>
                {
                    var tile = Kernel.DeclareTile(height, width, Conv.Accumulator);
                    var channel = Kernel.Let((group * ExprFactory.Dim(Channels)) + row, "channel");
                    Kernel.Contract(tile, ExprFactory.Dim(Depth), w, channel * ExprFactory.Dim(Depth), ExprFactory.Dim(Depth), ExprFactory.Int(1),
                        b, bBase, bStride);
                    Epilogue(tile, valid, (r, c) => [batch, channel + r, .. Program.Math.Delinearize(pixel + c, Pixels)]);
                }));
            void PackAndRun()
            {
                if (isPointwise)
                {
                    PackPointwise(x, scratch, image, pixel, valid);
                }
                else
                {
                    Pack(x, scratch, image, pixel, valid);
                }

                Tiles(scratch, ExprFactory.Int(0), ExprFactory.Int(_tile.Columns));
            }

            if (readsInPlace)
            {
                Kernel.If(ExprFactory.Equal(valid, step),
                    () => Tiles(x, Kernel.Let(image + pixel), ExprFactory.Dim(PixelCount)), PackAndRun);
            }
            else
            {
                PackAndRun();
            }
        });
        var work = (Channels * Depth * _tile.Columns).FloorDiv(_tile.Lanes) + 1;
        Launch(Emitter, work);
    }

    /// <summary>One tap, no stride, no padding: the panel is a stretch of each channel's image.</summary>
    private void PackPointwise(KernelBuffer x, KernelBuffer panel, Expr image, Expr pixel, Expr valid) =>
        Kernel.Serial(ExprFactory.Dim(W[1]), channel =>
        {
            var from = Kernel.Let(image + (channel * ExprFactory.Dim(PixelCount)) + pixel);
            Kernel.LoopWithin("v", ExprFactory.Int(0), valid, Program.Dims.Const(_tile.Columns), LoopKind.Vector, lane =>
                Kernel.Store(panel, (channel * _tile.Columns) + lane, ExprFactory.Load(x, from + lane)));
        }, "channel");

    /// <summary>
    /// Fills the panel: for each output row that it touches, for each channel and tap, the stretch of input that the row's pixels read, with
    /// zeros where it leaves the image.
    /// </summary>
    private void Pack(KernelBuffer x, KernelBuffer panel, Expr image, Expr pixel, Expr valid)
    {
        var (k, dims, last) = (Kernel, Program.Dims, Pixels.Rank - 1);
        var rowLength = ExprFactory.Dim(Pixels[last]);
        var outerPixels = new Shape(Pixels.Dims[..last]);
        var strides = new Shape(X.Dims[2..]).Strides(dims);
        var imageSize = ExprFactory.Dim(new Shape(X.Dims[2..]).ElementCount(dims));
        var firstRow = k.Let(ExprFactory.Binary(BinaryOp.FloorDiv, pixel, rowLength), "firstRow");
        var lastRow = k.Let(ExprFactory.Binary(BinaryOp.FloorDiv, pixel + valid - 1, rowLength), "lastRow");
        k.LoopWithin("row", firstRow, lastRow + 1, outerPixels.ElementCount(dims), LoopKind.Serial, row =>
        {
            var from = k.Let(ExprFactory.Max(pixel, row * rowLength), "from");
            var to = k.Let(ExprFactory.Min(pixel + valid, (row + 1) * rowLength), "to");
            var column = k.Let(from - (row * rowLength), "column");
            var outer = Program.Math.Delinearize(row, outerPixels).Select(i => k.Let(i)).ToArray();
            k.Serial(ExprFactory.Dim(W[1]), channel => Taps(0, channel, k.Let(image + (channel * imageSize)), null), "channel");

            void Taps(int axis, Expr depth, Expr offset, Expr? inside)
            {
                k.Loop("tap", ExprFactory.Int(0), ExprFactory.Dim(W[axis + 2]), LoopKind.Serial, tap =>
                {
                    var position = k.Let((axis == last ? column : outer[axis]) * Conv.Strides[axis] + (tap * Conv.Dilations[axis])
                        - ExprFactory.Dim(Conv.PadsBegin[axis]), "p");
                    var deeper = k.Let((depth * ExprFactory.Dim(W[axis + 2])) + tap);
                    if (axis < last)
                    {
                        var test = DirectConvolution.Within(position, X[axis + 2]);
                        var both = k.Let(inside is null ? test : ExprFactory.And(inside, test), "inside");
                        Taps(axis + 1, deeper, k.Let(offset + (position * ExprFactory.Dim(strides[axis]))), both);
                        return;
                    }

                    CopyStretch(x, panel, deeper, offset, position, from - pixel, to - from, inside);
                });
            }
        });
    }

    private void CopyStretch(KernelBuffer x, KernelBuffer panel, Expr depth, Expr offset, Expr position, Expr at, Expr length, Expr? inside)
    {
        var stride = Conv.Strides[^1];
        var place = Kernel.Let((depth * _tile.Columns) + at);
        Kernel.LoopWithin("v", ExprFactory.Int(0), length, Program.Dims.Const(_tile.Columns), LoopKind.Vector, lane =>
        {
            var column = position + (lane * stride);
            Kernel.Store(panel, place + lane, ExprFactory.Load(x, offset + column, Inside(column, Pixels.Rank - 1, inside)));
        });
    }
}
