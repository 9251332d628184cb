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
internal sealed class LowerConv
{
    /// <summary>Output channels per group from which a register tile pays.</summary>
    private const long ChannelsWorthTiling = 4;

    /// <summary>Up to so many output channels a 1x1 convolution reads its input in place: each panel is used too seldom to be copied.</summary>
    private const long ChannelsReadInPlace = 32;

    private readonly ProgramBuilder _program;
    private readonly LoweringGroup _group;
    private readonly Node _root;
    private readonly Conv _conv;
    private readonly KernelBuilder _kernel;
    private readonly GroupEmitter _emitter;
    private readonly Shape _x;
    private readonly Shape _w;
    private readonly Shape _pixels;
    private readonly Dim _channels;
    private readonly Dim _pixelCount;
    private readonly TileShape _tile;

    private LowerConv(ProgramBuilder program, LoweringGroup group)
    {
        _program = program;
        _group = group;
        _root = group.Root;
        _conv = (Conv)_root.Op;
        _kernel = new KernelBuilder(group.KernelName(), program.Dims);
        _emitter = new GroupEmitter(program, group, _kernel);
        (_x, _w) = (_root.Inputs[0].Type.Shape, _root.Inputs[1].Type.Shape);
        _pixels = new Shape(_root.Output.Type.Shape.Dims[2..]);
        _pixelCount = _pixels.ElementCount(program.Dims);
        _channels = _w[0].FloorDiv(_conv.Groups);
        _tile = TileShape.For(program.Machine, _pixelCount);
    }

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
        var dims = _program.Dims;
        var depth = new Shape(_w.Dims[1..]).ElementCount(dims);
        var panels = _pixelCount.CeilDiv(_tile.Columns);
        var step = ExprFactory.Dim(_tile.PanelStep(_pixelCount));
        var x = _emitter.Input(_root.Inputs[0]);
        var w = _emitter.Input(_root.Inputs[1]);
        var isPointwise = IsPointwise();
        var readsInPlace = isPointwise && _channels is { IsConstant: true, Constant: <= ChannelsReadInPlace };
        var scratch = _kernel.Scratch("panel", _root.Inputs[0].Type.Element, depth * _tile.Columns);
        _kernel.Parallel(_x[0] * _conv.Groups * panels, item =>
        {
            var (rest, panel) = panels.Is(1) ? (item, ExprFactory.Int(0)) : _program.Math.DivMod(item, panels);
            var (batch, group) = _conv.Groups == 1 ? (rest, ExprFactory.Int(0)) : _program.Math.DivMod(rest, dims.Const(_conv.Groups));
            batch = _kernel.LetWithin(batch, _x[0], "n");
            group = _conv.Groups == 1 ? group : _kernel.LetWithin(group, dims.Const(_conv.Groups), "g");
            var pixel = _kernel.Let(panel * step, "pixel");
            var valid = _kernel.Let(ExprFactory.Max(ExprFactory.Int(0), ExprFactory.Min(step, ExprFactory.Dim(_pixelCount) - pixel)), "valid");
            var image = _kernel.Let(((batch * ExprFactory.Dim(_x[1])) + (group * ExprFactory.Dim(_w[1])))
                * ExprFactory.Dim(new Shape(_x.Dims[2..]).ElementCount(dims)), "image");
            void Tiles(KernelBuffer b, Expr bBase, Expr bStride) => TileLoops.OverWidths(_kernel, valid, _pixelCount, _tile, width =>
                TileLoops.OverRows(_kernel, ExprFactory.Int(0), ExprFactory.Dim(_channels), _channels, _tile.Rows, (height, row) =>
                {
                    var tile = _kernel.DeclareTile(height, width, _conv.Accumulator);
                    var channel = _kernel.Let((group * ExprFactory.Dim(_channels)) + row, "channel");
                    _kernel.Contract(tile, ExprFactory.Dim(depth), w, channel * ExprFactory.Dim(depth), ExprFactory.Dim(depth), ExprFactory.Int(1),
                        b, bBase, bStride);
                    Epilogue(tile, batch, channel, pixel, valid);
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
                _kernel.If(ExprFactory.Equal(valid, step),
                    () => Tiles(x, _kernel.Let(image + pixel), ExprFactory.Dim(_pixelCount)), PackAndRun);
            }
            else
            {
                PackAndRun();
            }
        });
        var work = (_channels * depth * _tile.Columns).FloorDiv(_tile.Lanes) + 1;
        var flops = _root.Output.Type.Shape.ElementCount(dims) * depth * 2;
        _program.Launch(_kernel, _emitter.Arguments, work, _group.Node.Origins, flops, inPlace: true);
    }

    /// <summary>One tap, no stride, no padding: the panel is a stretch of each channel's image.</summary>
    private bool IsPointwise() => _w.Dims[2..].All(d => d.Is(1)) && _conv.Strides.All(s => s == 1)
        && _conv.PadsBegin.All(p => p.Is(0)) && _conv.PadsEnd.All(p => p.Is(0));

    private void PackPointwise(KernelBuffer x, KernelBuffer panel, Expr image, Expr pixel, Expr valid) =>
        _kernel.Serial(ExprFactory.Dim(_w[1]), channel =>
        {
            var from = _kernel.Let(image + (channel * ExprFactory.Dim(_pixelCount)) + pixel);
            _kernel.LoopWithin("v", ExprFactory.Int(0), valid, _program.Dims.Const(_tile.Columns), LoopKind.Vector, lane =>
                _kernel.Store(panel, (channel * _tile.Columns) + lane, ExprFactory.Load(x, from + lane)));
        }, "channel");

    /// <summary>
    /// Fills the panel: for each output row that it touches, for each channel and tap, the stretch of input that the row's pixels read, with
    /// zeros where it leaves the image.
    /// </summary>
    private void Pack(KernelBuffer x, KernelBuffer panel, Expr image, Expr pixel, Expr valid)
    {
        var (k, dims, last) = (_kernel, _program.Dims, _pixels.Rank - 1);
        var rowLength = ExprFactory.Dim(_pixels[last]);
        var outerPixels = new Shape(_pixels.Dims[..last]);
        var strides = new Shape(_x.Dims[2..]).Strides(dims);
        var imageSize = ExprFactory.Dim(new Shape(_x.Dims[2..]).ElementCount(dims));
        var firstRow = k.Let(ExprFactory.Binary(BinaryOp.FloorDiv, pixel, rowLength), "firstRow");
        var lastRow = k.Let(ExprFactory.Binary(BinaryOp.FloorDiv, pixel + valid - 1, rowLength), "lastRow");
        k.LoopWithin("row", firstRow, lastRow + 1, outerPixels.ElementCount(dims), LoopKind.Serial, row =>
        {
            var from = k.Let(ExprFactory.Max(pixel, row * rowLength), "from");
            var to = k.Let(ExprFactory.Min(pixel + valid, (row + 1) * rowLength), "to");
            var column = k.Let(from - (row * rowLength), "column");
            var outer = _program.Math.Delinearize(row, outerPixels).Select(i => k.Let(i)).ToArray();
            k.Serial(ExprFactory.Dim(_w[1]), channel => Taps(0, channel, k.Let(image + (channel * imageSize)), null), "channel");

            void Taps(int axis, Expr depth, Expr offset, Expr? inside)
            {
                k.Loop("tap", ExprFactory.Int(0), ExprFactory.Dim(_w[axis + 2]), LoopKind.Serial, tap =>
                {
                    var position = k.Let((axis == last ? column : outer[axis]) * _conv.Strides[axis] + (tap * _conv.Dilations[axis])
                        - ExprFactory.Dim(_conv.PadsBegin[axis]), "p");
                    var deeper = k.Let((depth * ExprFactory.Dim(_w[axis + 2])) + tap);
                    if (axis < last)
                    {
                        var test = ExprFactory.And(ExprFactory.LessOrEqual(ExprFactory.Int(0), position),
                            ExprFactory.Less(position, ExprFactory.Dim(_x[axis + 2])));
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
        var stride = _conv.Strides[^1];
        var place = _kernel.Let((depth * _tile.Columns) + at);
        _kernel.LoopWithin("v", ExprFactory.Int(0), length, _program.Dims.Const(_tile.Columns), LoopKind.Vector, lane =>
        {
            var column = position + (lane * stride);
            Expr? mask = inside;
            if (!DirectConvolution.IsInside(_emitter, _conv, _root, _pixels.Rank - 1))
            {
                var test = ExprFactory.And(ExprFactory.LessOrEqual(ExprFactory.Int(0), column), ExprFactory.Less(column, ExprFactory.Dim(_x[^1])));
                mask = mask is null ? test : ExprFactory.And(mask, test);
            }

            _kernel.Store(panel, place + lane, ExprFactory.Load(x, offset + column, mask));
        });
    }

    private void Epilogue(Tile tile, Expr batch, Expr channel, Expr pixel, Expr valid) =>
        _kernel.ForEach(tile, valid, (r, c, element) =>
        {
            _emitter.Give(_root.Output, _ => element);
            Expr[] index = [batch, channel + r, .. _program.Math.Delinearize(pixel + c, _pixels)];
            _emitter.Store(_group.Outputs, index);
        });
}
