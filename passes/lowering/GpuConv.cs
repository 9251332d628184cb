using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// Convolution on a GPU as an implicit matrix product: weights <c>[channels out, channels in * taps]</c> are the rows, output pixels the columns; each
/// element of the right-hand side is looked up in the image, or 0 in the padding. Work items are (batch, group, tile), a block of threads each.
/// </summary>
internal sealed class GpuConv
{
    private readonly ProgramBuilder _program;
    private readonly LoweringGroup _group;
    private readonly Node _root;
    private readonly Conv _conv;
    private readonly KernelBuilder _kernel;
    private readonly GroupEmitter _emitter;
    private readonly Shape _x;
    private readonly Shape _w;
    private readonly Shape _pixels;

    private GpuConv(ProgramBuilder program, LoweringGroup group)
    {
        _program = program;
        _group = group;
        _root = group.Root;
        _conv = (Conv)_root.Op;
        _kernel = new KernelBuilder(group.KernelName(), program.Dims) { ThreadsPerItem = GpuTiles.Threads };
        _emitter = new GroupEmitter(program, group, _kernel);
        (_x, _w) = (_root.Inputs[0].Type.Shape, _root.Inputs[1].Type.Shape);
        _pixels = new Shape(_root.Output.Type.Shape.Dims[2..]);
    }

    public static void Run(ProgramBuilder program, LoweringGroup group) => new GpuConv(program, group).Run();

    private void Run()
    {
        var dims = _program.Dims;
        var channels = _w[0].FloorDiv(_conv.Groups);
        var pixelCount = _pixels.ElementCount(dims);
        var depthShape = new Shape(_w.Dims[1..]);
        var depth = depthShape.ElementCount(dims);

        // Convolutions have many tiles where they take time: one size serves them all.
        var (tileRows, tileColumns, _) = GpuTiles.For(_conv.Accumulator, _x[0] * _conv.Groups, channels, pixelCount).Last(t => t.Rows <= GpuTiles.Small);
        var (blockRows, blockColumns) = (channels.CeilDiv(tileRows), pixelCount.CeilDiv(tileColumns));
        _kernel.Parallel(_x[0] * _conv.Groups * blockRows * blockColumns, item =>
        {
            var (rest, blockRow) = blockRows.Is(1) ? (item, ExprFactory.Int(0)) : _program.Math.DivMod(item, blockRows);
            (rest, var blockColumn) = blockColumns.Is(1) ? (rest, ExprFactory.Int(0)) : _program.Math.DivMod(rest, blockColumns);
            var (batch, group) = _conv.Groups == 1 ? (rest, ExprFactory.Int(0)) : _program.Math.DivMod(rest, dims.Const(_conv.Groups));
            batch = _kernel.LetWithin(batch, _x[0], "n");
            group = _kernel.LetWithin(group, dims.Const(_conv.Groups), "group");
            var row = _kernel.Let(blockRow * tileRows, "row");
            var column = _kernel.Let(blockColumn * tileColumns, "column");
            var validRows = _kernel.Let(ExprFactory.Dim(channels) - row, "rows");
            var validColumns = _kernel.Let(ExprFactory.Dim(pixelCount) - column, "columns");
            var firstChannel = _kernel.Let((group * ExprFactory.Dim(channels)) + row, "channel");
            var tile = _kernel.DeclareTile(tileRows, tileColumns, _conv.Accumulator);
            _kernel.Product(tile, depth, validRows, validColumns,
                (r, k) => _emitter.Load(_emitter.Input(_root.Inputs[1]), ((firstChannel + r) * ExprFactory.Dim(depth)) + k),
                (k, c) => Pixel(batch, group, _program.Math.Delinearize(k, depthShape), _kernel.LetWithin(column + c, pixelCount, "pixel")));
            _kernel.ForEach(tile, validColumns, (r, c, element) =>
            {
                _emitter.Give(_root.Output, _ => element);
                var pixel = _kernel.LetWithin(column + c, pixelCount, "pixel");
                Expr[] index = [batch, _kernel.LetWithin(firstChannel + r, _w[0], "out"), .. _program.Math.Delinearize(pixel, _pixels)];
                _emitter.Store(_group.Outputs, index);
            }, validRows);
        });
        var flops = _root.Output.Type.Shape.ElementCount(dims) * depth * 2;
        _program.Launch(_kernel, _emitter.Arguments, depth * tileRows * tileColumns, _group.Node.Origins, flops, inPlace: true);
    }

    /// <summary>The element of the image that a tap sees from an output pixel.</summary>
    private Expr Pixel(Expr batch, Expr group, Expr[] tap, Expr pixel)
    {
        var at = _program.Math.Delinearize(pixel, _pixels);
        var index = new Expr[_x.Rank];
        index[0] = batch;
        index[1] = _kernel.Let((group * ExprFactory.Dim(_w[1])) + _kernel.Let(tap[0]), "in");
        Expr? inside = null;
        for (var axis = 0; axis < at.Length; axis++)
        {
            var position = _kernel.Let((_kernel.Let(at[axis]) * _conv.Strides[axis]) + (_kernel.Let(tap[axis + 1]) * _conv.Dilations[axis])
                - ExprFactory.Dim(_conv.PadsBegin[axis]), "p");
            index[axis + 2] = position;
            if (!DirectConvolution.IsInside(_emitter, _conv, _root, axis))
            {
                var test = ExprFactory.And(
                    ExprFactory.LessOrEqual(ExprFactory.Int(0), position), ExprFactory.Less(position, ExprFactory.Dim(_x[axis + 2])));
                inside = inside is null ? test : ExprFactory.And(inside, test);
            }
        }

        Expr Read() => _emitter.Pull(_root.Inputs[0], index);
        return inside is null ? Read()
            : _kernel.Let(_emitter.Guarded(_kernel.Let(inside, "inside"), Read, ExprFactory.Literal(0, _root.Inputs[0].Type.Element)));
    }
}
