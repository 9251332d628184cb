using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes.Autodiff;

namespace Dlc.Passes.Lowering;

/// <summary>
/// Attention with online softmax on a GPU: work items are (batch and head, block of query rows), a block of threads each, which goes over all keys. With few
/// rows (decoding) the warps of a block split the keys, and query heads that share their keys are rows of one item.
/// </summary>
internal sealed class GpuAttention
{
    /// <summary>Query rows of a block, 16 a warp; and of one whose warps all have the same rows.</summary>
    private const int Rows = 64, FewRows = 16;

    private readonly ProgramBuilder _program;
    private readonly LoweringGroup _group;
    private readonly Node _product;
    private readonly Node _output;
    private readonly Value _scores;
    private readonly bool _emptyIsZero;
    private readonly Dim _queries;
    private readonly Dim _depth;
    private readonly Dim _keys;

    /// <summary>The leading axes of the output, with heads split in two where groups of them share their keys: the last axis then counts within a group.</summary>
    private readonly Shape _batch;
    private readonly bool _sharesKeys;
    private KernelBuilder _kernel;
    private GroupEmitter _emitter;

    private GpuAttention(ProgramBuilder program, LoweringGroup group)
    {
        (_program, _group) = (program, group);
        _product = group.Nodes.First(n => n.Op is MatMul);
        _output = group.Nodes.Last(n => n.Op is MatMul);
        (_scores, _emptyIsZero) = group.Nodes.Select(Softmaxes.OverLastAxis).First(s => s is not null)!.Value;
        (_queries, _keys) = (_output.Output.Type.Shape[^2], _product.Output.Type.Shape[^1]);
        _depth = _product.Inputs[0].Type.Shape[^1];
        (_batch, _sharesKeys) = Batch();
        (_kernel, _emitter) = NewKernel();
    }

    public static void Run(ProgramBuilder program, LoweringGroup group) => new GpuAttention(program, group).Run();

    private void Run()
    {
        var variants = Variants();
        Write(variants[^1].Rows, variants[^1].JoinsHeads);
        var (kernel, emitter) = (_kernel, _emitter);
        List<(Dim When, KernelBuilder Kernel)> alternatives = [];
        foreach (var (rows, joinsHeads, when) in variants.SkipLast(1))
        {
            (_kernel, _emitter) = NewKernel();
            _emitter.TakeParameters(emitter);
            Write(rows, joinsHeads);
            if (_emitter.Arguments.SequenceEqual(emitter.Arguments))
            {
                alternatives.Add((when, _kernel));
            }
        }

        var dims = _program.Dims;
        var columns = _output.Output.Type.Shape[^1];
        var flops = _batch.ElementCount(dims) * _queries * _keys * (_depth + columns) * 2;
        _program.Launch(kernel, emitter.Arguments, _keys * (_depth + columns) * Rows, _group.Node.Origins, flops, inPlace: true,
            alternatives: [.. alternatives]);
    }

    /// <summary>Rows of a work item, those of heads that share their keys or of one, each with the condition under which it is taken, the last for all else.</summary>
    private List<(int Rows, bool JoinsHeads, Dim When)> Variants()
    {
        var variants = new List<(int Rows, bool JoinsHeads, Dim When)>();
        if (_sharesKeys)
        {
            variants.Add((FewRows, true, GpuTiles.AtMost(_queries * _batch[^1], FewRows)));
        }

        variants.Add((FewRows, false, GpuTiles.AtMost(_queries, FewRows)));
        variants.Add((Rows, false, _program.Dims.One));

        // What comes after one that always fits never runs.
        variants.RemoveAll(v => v.When.Is(0));
        return variants[..(variants.FindIndex(v => v.When.IsConstant) + 1)];
    }

    private (KernelBuilder, GroupEmitter) NewKernel()
    {
        // As many warps share the keys of few rows.
        var kernel = new KernelBuilder("attention", _program.Dims) { ThreadsPerItem = Rows / FewRows * GpuModel.WarpThreads };
        return (kernel, new GroupEmitter(_program, _group, kernel));
    }

    /// <summary>Writes the kernel for so many rows a work item, which may be those of all heads that share their keys.</summary>
    private void Write(int tileRows, bool joinsHeads)
    {
        var dims = _program.Dims;
        var items = joinsHeads ? new Shape(_batch.Dims[..^1]) : _batch;
        var allRows = joinsHeads ? _batch[^1] * _queries : _queries;
        var blocks = allRows.CeilDiv(tileRows);
        _kernel.Parallel(items.ElementCount(dims) * blocks, item =>
        {
            // Blocks of one head are neighbours: they share its keys in the cache.
            var (batch, block) = blocks.Is(1) ? (item, ExprFactory.Int(0)) : _program.Math.DivMod(item, blocks);
            var index = _program.Math.Delinearize(batch, items);
            for (var axis = 0; axis < index.Length; axis++)
            {
                index[axis] = _kernel.LetWithin(index[axis], items[axis], "b");
            }

            var row = _kernel.Let(block * tileRows, "row");
            var validRows = _kernel.Let(ExprFactory.Dim(allRows) - row, "rows");

            // The batch index and query that a row of the tile stands for.
            (Expr[] Batch, Expr Query) At(Expr r)
            {
                var at = _kernel.LetWithin(row + r, allRows, "m");
                if (!joinsHeads)
                {
                    return (index, at);
                }

                var (head, query) = _program.Math.DivMod(at, _queries);
                return ([.. index, _kernel.LetWithin(head, _batch[^1], "head")], _kernel.LetWithin(query, _queries, "query"));
            }

            Expr[] shared = joinsHeads ? [.. index, ExprFactory.Int(0)] : index;
            var tile = _kernel.Attention(tileRows, (int)_output.Output.Type.Shape[^1].Constant, _depth, _keys, validRows,
                (r, k) =>
                {
                    var (b, query) = At(r);
                    return Read(_product, 0, b, query, k);
                },
                (k, j) => Read(_product, 1, shared, k, j),
                (r, j, product) =>
                {
                    var (b, query) = At(r);
                    _emitter.Give(_product.Output, _ => product);
                    return _emitter.Pull(_scores, [.. Leading(_scores.Type.Shape, b), query, j]);
                },
                (j, c) => Read(_output, 1, shared, j, c),
                _emptyIsZero);
            _kernel.ForEach(tile, ExprFactory.Dim(_output.Output.Type.Shape[^1]), (r, c, element) =>
            {
                var (b, query) = At(r);
                _emitter.Give(_output.Output, _ => element);
                _emitter.Store(_group.Outputs, [.. Leading(_output.Output.Type.Shape, b), query, c]);
            }, validRows);
        });
    }

    /// <summary>An element of an operand of one of the products.</summary>
    private Expr Read(Node product, int input, Expr[] batch, Expr row, Expr column)
    {
        var operand = product.Inputs[input];
        var own = new Shape(operand.Type.Shape.Dims[..^2]);
        var leading = NodeContext.BroadcastIndex(_emitter, own, new Shape(product.Output.Type.Shape.Dims[..^2]), Leading(product.Output.Type.Shape, batch));
        return _emitter.Pull(operand, [.. leading, row, column]);
    }

    /// <summary>An index of <see cref="_batch"/> as one of the leading axes of a shape with as many rows.</summary>
    private Expr[] Leading(Shape shape, Expr[] batch)
    {
        var leading = new Shape(shape.Dims[..^2]);
        return leading == _batch ? batch : _program.Math.Delinearize(_program.Math.Linearize(batch, _batch), leading);
    }

    /// <summary>
    /// The leading axes, the last one split where both keys and values are repeated along a part of it, and whether keys and values are the same along the
    /// last axis.
    /// </summary>
    private (Shape Batch, bool SharesKeys) Batch()
    {
        var leading = new Shape(_output.Output.Type.Shape.Dims[..^2]);
        if (leading.Rank == 0 || leading[^1].Is(1))
        {
            return (leading, false);
        }

        bool IsBroadcast(Value operand) => operand.Type.Shape.Rank < 3 || operand.Type.Shape[^3].Is(1);
        if (IsBroadcast(_product.Inputs[1]) && IsBroadcast(_output.Inputs[1]))
        {
            return (leading, _product.Output.Type.Shape == new Shape([.. leading.Dims, _queries, _keys]));
        }

        if (Repeats(_product.Inputs[1]) is { } repeats && ReferenceEquals(repeats, Repeats(_output.Inputs[1]))
            && leading[^1].DivideExact(repeats) is { } groups && _product.Output.Type.Shape == new Shape([.. leading.Dims, _queries, _keys]))
        {
            return (new Shape([.. leading.Dims[..^1], groups, repeats]), true);
        }

        return (leading, false);
    }

    /// <summary>
    /// How often each head of an operand is repeated by a broadcast and a reshape that joins the copies: <c>[.., H, R, S, D]</c> as <c>[.., H*R, S, D]</c>.
    /// </summary>
    private Dim? Repeats(Value operand)
    {
        while (_group.Contains(operand) && operand.Producer is { Op: Transpose or Slice or Reshape } view)
        {
            if (view.Op is Reshape && view.Inputs[0] is { Producer: { Op: Broadcast } broadcast } copies && _group.Contains(copies))
            {
                var (from, to) = (broadcast.Inputs[0].Type.Shape, copies.Type.Shape);
                var isJoined = to.Rank == view.Output.Type.Shape.Rank + 1 && to.Rank >= 4 && from.Rank == to.Rank && from[^3].Is(1)
                    && to.Dims[^2..].SequenceEqual(view.Output.Type.Shape.Dims[^2..]);
                return isJoined ? to[^3] : null;
            }

            operand = view.Inputs[0];
        }

        return null;
    }
}
