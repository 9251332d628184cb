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
    private KernelBuilder _kernel = null!;
    private GroupEmitter _emitter = null!;
    private GpuSplit? _split;

    // Where the kernel that is being written stores the part of a share of the keys; null where it does all.
    private KernelBuffer? _parts;

    private GpuAttention(ProgramBuilder program, LoweringGroup group)
    {
        (_program, _group) = (program, group);
        _product = group.Nodes.First(n => n.Op is MatMul);
        _output = group.Nodes.Last(n => n.Op is MatMul);
        (_scores, _emptyIsZero) = group.Nodes.Select(Softmaxes.OverLastAxis).First(s => s is not null)!.Value;
        (_queries, _keys) = (_output.Output.Type.Shape[^2], _product.Output.Type.Shape[^1]);
        _depth = _product.Inputs[0].Type.Shape[^1];
        (_batch, _sharesKeys) = Batch();
    }

    public static void Run(ProgramBuilder program, LoweringGroup group) => new GpuAttention(program, group).Run();

    private void Run()
    {
        var variants = Variants();
        var dims = _program.Dims;
        var columns = _output.Output.Type.Shape[^1];
        var flops = _batch.ElementCount(dims) * _queries * _keys * (_depth + columns) * 2;
        var few = variants.FindAll(v => v.Rows == FewRows);
        _split = few.Count == 0 ? null : Split(few);
        if (_split is not null)
        {
            Launch(few, true, flops * _split.IsSplit);
        }

        Launch(variants, false, _split is null ? flops : flops * (1 - _split.IsSplit));
    }

    /// <summary>
    /// With few rows and long caches there are too few blocks to read the keys fast: then blocks have shares of them, as of the depth of a product.
    /// </summary>
    private GpuSplit? Split(List<(int Rows, bool JoinsHeads, Dim When)> few)
    {
        // Where there are more rows, as if there were many blocks.
        const long Many = 1 << 20;
        var heads = _batch.ElementCount(_program.Dims);
        var blocks = heads;
        if (few[0].JoinsHeads)
        {
            var joins = few[0].When.Min(1);
            blocks = (joins * new Shape(_batch.Dims[..^1]).ElementCount(_program.Dims)) + ((1 - joins) * heads);
        }

        var isFew = GpuTiles.AtMost(_queries, FewRows).Min(1);
        return GpuSplit.For(_program, (isFew * blocks) + ((1 - isFew) * Many), _keys, heads * _queries * PartStride, ElementType.Float32);
    }

    /// <summary>Numbers of a row of a part.</summary>
    private Dim PartStride => _output.Output.Type.Shape[^1] + TileAttentionStmt.PartColumns;

    private void Launch(List<(int Rows, bool JoinsHeads, Dim When)> variants, bool isShare, Dim flops)
    {
        Begin(isShare);
        Write(variants[^1].Rows, variants[^1].JoinsHeads);
        var main = _emitter;
        List<(Dim When, KernelBuilder Kernel)> alternatives = [];
        if (_split is not null && !isShare)
        {
            var parts = Begin(isShare)!;
            _emitter.TakeParameters(main);
            _kernel.ThreadsPerItem = 1;
            WriteWhole(parts);
            if (!_emitter.Arguments.SequenceEqual(main.Arguments))
            {
                throw new InvalidOperationException("parts of attention read what the whole does not");
            }

            alternatives.Add((_split.IsSplit, _kernel));
        }

        foreach (var (rows, joinsHeads, when) in variants.SkipLast(1))
        {
            Begin(isShare);
            _emitter.TakeParameters(main);
            Write(rows, joinsHeads);
            if (_emitter.Arguments.SequenceEqual(main.Arguments))
            {
                alternatives.Add((when, _kernel));
            }
        }

        var work = _keys * (_depth + _output.Output.Type.Shape[^1]) * variants[^1].Rows;
        _program.Launch(main.Kernel, main.Arguments, work, _group.Node.Origins, flops, inPlace: !isShare, alternatives: [.. alternatives]);
    }

    /// <summary>Begins a kernel whose first parameter is the parts, where there are any.</summary>
    private KernelBuffer? Begin(bool isShare)
    {
        // As many warps share the keys of few rows.
        _kernel = new KernelBuilder(isShare ? "attention_part" : "attention", _program.Dims) { ThreadsPerItem = Rows / FewRows * GpuModel.WarpThreads };
        _emitter = new GroupEmitter(_program, _group, _kernel);
        var parts = _split is null ? null : _emitter.Add(_split.Parts, "part", isShare);
        _parts = isShare ? parts : null;
        return parts;
    }

    /// <summary>Rows of a work item, those of heads that share their keys or of one, each with the condition under which it is taken, the last for all else.</summary>
    private List<(int Rows, bool JoinsHeads, Dim When)> Variants()
    {
        var variants = new List<(int Rows, bool JoinsHeads, Dim When)>();
        if (_sharesKeys)
        {
            variants.Add((FewRows, true, GpuTiles.AtMost(_queries * _batch[^1], FewRows)));
        }

        // Where there are few blocks in all, more of them with fewer rows each keep more of the GPU busy.
        var (isFew, blocks) = (GpuTiles.AtMost(_queries, FewRows), _batch.ElementCount(_program.Dims) * _queries.CeilDiv(Rows));
        var isSparse = GpuTiles.AtMost(blocks, GpuTiles.Multiprocessors * FewRows / Rows);
        variants.Add((FewRows, false, isFew.IsConstant && !isFew.Is(0) ? isFew : isFew + isSparse));
        variants.Add((Rows, false, _program.Dims.One));

        // What comes after one that always fits never runs.
        variants.RemoveAll(v => v.When.Is(0));
        return variants[..(variants.FindIndex(v => v.When.IsConstant) + 1)];
    }

    /// <summary>Writes the kernel for so many rows a work item, which may be those of all heads that share their keys.</summary>
    private void Write(int tileRows, bool joinsHeads)
    {
        var dims = _program.Dims;
        var items = joinsHeads ? new Shape(_batch.Dims[..^1]) : _batch;
        var allRows = joinsHeads ? _batch[^1] * _queries : _queries;
        var blocks = allRows.CeilDiv(tileRows);
        var all = items.ElementCount(dims) * blocks;
        _kernel.Parallel(_parts is null ? all : all * _split!.Shares * _split.IsSplit, item =>
        {
            var (number, share) = (ExprFactory.Int(0), ((Expr First, Expr End)?)null);
            if (_parts is not null)
            {
                (number, item) = _program.Math.DivMod(item, all);
                number = _kernel.LetWithin(number, _split!.Shares, "share");
                item = _kernel.LetWithin(item, all, "item");
                var first = _kernel.Let(number * ExprFactory.Dim(_split.Share), "first");
                share = (first, _kernel.Let(ExprFactory.Min(first + ExprFactory.Dim(_split.Share), ExprFactory.Dim(_keys)), "end"));
            }

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
                _emptyIsZero, share);
            _kernel.ForEach(tile, ExprFactory.Int(tile.Columns), (r, c, element) =>
            {
                var (b, query) = At(r);
                if (_parts is not null)
                {
                    _kernel.Store(_parts, _program.Math.Canonical((number * ExprFactory.Dim(_split!.Outputs)) + (RowOf(b, query) * ExprFactory.Dim(PartStride)) + c), element);
                    return;
                }

                _emitter.Give(_output.Output, _ => element);
                _emitter.Store(_group.Outputs, [.. Leading(_output.Output.Type.Shape, b), query, c]);
            }, validRows);
        });
    }

    /// <summary>The number of a row of the output.</summary>
    private Expr RowOf(Expr[] batch, Expr query) => _program.Math.Linearize([.. batch, query], new Shape([.. _batch.Dims, _queries]));

    /// <summary>Writes the kernel that makes one output of its parts, an element a thread; the rest of the group follows.</summary>
    private void WriteWhole(KernelBuffer parts)
    {
        var shape = new Shape([.. _batch.Dims, _queries, _output.Output.Type.Shape[^1]]);
        _kernel.Parallel(shape.ElementCount(_program.Dims), item =>
        {
            var index = _program.Math.Delinearize(item, shape);
            for (var axis = 0; axis < index.Length; axis++)
            {
                index[axis] = _kernel.LetWithin(index[axis], shape[axis]);
            }

            var row = _kernel.Let(RowOf(index[..^2], index[^2]) * ExprFactory.Dim(PartStride), "row");
            Expr Part(Expr share, Expr column) => ExprFactory.Load(parts, _program.Math.Canonical((share * ExprFactory.Dim(_split!.Outputs)) + row + column));
            var greatestAt = ExprFactory.Dim(shape[^1]);
            void EachShare(Action<Expr> body) => _kernel.Serial(ExprFactory.Dim(_split!.Shares), body);
            var greatest = _kernel.Declare(ExprFactory.Float(double.NegativeInfinity), "greatest");
            EachShare(share => _kernel.Assign(greatest, ExprFactory.Max(ExprFactory.Read(greatest), Part(share, greatestAt))));
            var (most, zero) = (ExprFactory.Read(greatest), ExprFactory.Float(0));
            var shift = _kernel.Let(ExprFactory.Select(ExprFactory.Equal(most, ExprFactory.Float(double.NegativeInfinity)), zero, most), "shift");
            var (total, sum) = (_kernel.Declare(zero, "total"), _kernel.Declare(zero, "sum"));
            EachShare(share =>
            {
                var weight = _kernel.Let(ExprFactory.Unary(UnaryOp.Exp, Part(share, greatestAt) - shift), "weight");
                _kernel.Assign(total, ExprFactory.Read(total) + (weight * Part(share, greatestAt + 1)));
                _kernel.Assign(sum, ExprFactory.Read(sum) + (weight * Part(share, index[^1])));
            });
            var divisor = ExprFactory.Read(total);
            if (_emptyIsZero)
            {
                divisor = ExprFactory.Select(ExprFactory.Equal(divisor, zero), ExprFactory.Float(1), divisor);
            }

            var element = _kernel.Let(ExprFactory.Binary(BinaryOp.Div, ExprFactory.Read(sum), divisor), "output");
            _emitter.Give(_output.Output, _ => element);
            _emitter.Store(_group.Outputs, [.. Leading(_output.Output.Type.Shape, index[..^2]), index[^2], index[^1]]);
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
