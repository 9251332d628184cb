using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes.Patterns;

namespace Dlc.Passes.Lowering;

/// <summary>
/// Attention with online softmax on a GPU: work items are (batch and head, block of query rows), a block of threads each, which goes over all keys. With few
/// rows (decoding) the warps of a block split the keys, and query heads that share their keys are rows of one item.
/// </summary>
internal sealed class GpuAttention : SplitLowering
{
    /// <summary>Query rows of a block, 16 a warp; and of one whose warps all have the same rows.</summary>
    private const int Rows = 64, FewRows = 16;

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

    private GpuAttention(ProgramBuilder program, LoweringGroup group)
        : base(program, group)
    {
        _product = group.Nodes.First(n => n.Op is MatMul);
        _output = group.Nodes.Last(n => n.Op is MatMul);
        (_scores, _emptyIsZero) = group.Nodes.Select(SoftmaxPattern.OverLastAxis).First(s => s is not null)!.Value;
        (_queries, _keys) = (_output.Output.Type.Shape[^2], _product.Output.Type.Shape[^1]);
        _depth = _product.Inputs[0].Type.Shape[^1];
        (_batch, _sharesKeys) = Batch();
    }

    public static void Run(ProgramBuilder program, LoweringGroup group) => new GpuAttention(program, group).Run();

    protected override Dim Flops => _batch.ElementCount(Program.Dims) * _queries * _keys * (_depth + Columns) * 2;

    /// <summary>Elements of a row of values.</summary>
    private Dim Columns => _output.Output.Type.Shape[^1];

    // As many warps share the keys of few rows.
    protected override GroupEmitter NewEmitter(bool isShare) => new(Program, Group,
        new KernelBuilder(isShare ? "attention_part" : "attention", Program.Dims) { ThreadsPerItem = Rows / FewRows * GpuModel.WarpThreads });

    private void Run()
    {
        var variants = Variants();
        var few = variants.FindAll(v => v.Variant.Rows == FewRows);
        LaunchVariants(variants, few.Count == 0 ? null : SplitOf(few), few, (v, _) => _keys * (_depth + Columns) * v.Rows, v => Write(v.Rows, v.JoinsHeads));
    }

    /// <summary>
    /// With few rows and long caches there are too few blocks to read the keys fast: then blocks have shares of them, as of the depth of a product.
    /// </summary>
    private GpuSplit? SplitOf(List<((int Rows, bool JoinsHeads) Variant, Dim When)> few)
    {
        // Where there are more rows, as if there were many blocks.
        const long Many = 1 << 20;
        var heads = _batch.ElementCount(Program.Dims);
        var blocks = heads;
        if (few[0].Variant.JoinsHeads)
        {
            var joins = few[0].When.Min(1);
            blocks = (joins * new Shape(_batch.Dims[..^1]).ElementCount(Program.Dims)) + ((1 - joins) * heads);
        }

        var isFew = GpuTiles.AtMost(_queries, FewRows).Min(1);
        return GpuSplit.For(Program, (isFew * blocks) + ((1 - isFew) * Many), _keys, heads * _queries * PartStride, ElementType.Float32);
    }

    /// <summary>Numbers of a row of a part.</summary>
    private Dim PartStride => Columns + TileAttentionStmt.PartColumns;

    /// <summary>Rows of a work item, those of heads that share their keys or of one, each with the condition under which it is taken, the last for all else.</summary>
    private List<((int Rows, bool JoinsHeads) Variant, Dim When)> Variants()
    {
        var variants = new List<((int Rows, bool JoinsHeads) Variant, Dim When)>();
        if (_sharesKeys)
        {
            variants.Add(((FewRows, true), GpuTiles.AtMost(_queries * _batch[^1], FewRows)));
        }

        // Where there are few blocks in all, more of them with fewer rows each keep more of the GPU busy.
        var (isFew, blocks) = (GpuTiles.AtMost(_queries, FewRows), _batch.ElementCount(Program.Dims) * _queries.CeilDiv(Rows));
        var isSparse = GpuTiles.AtMost(blocks, GpuTiles.Multiprocessors * FewRows / Rows);
        variants.Add(((FewRows, false), isFew.IsConstant && !isFew.Is(0) ? isFew : isFew + isSparse));
        variants.Add(((Rows, false), Program.Dims.One));

        // What comes after one that always fits never runs.
        variants.RemoveAll(v => v.When.Is(0));
        return variants[..(variants.FindIndex(v => v.When.IsConstant) + 1)];
    }

    /// <summary>Writes the kernel for so many rows a work item, which may be those of all heads that share their keys.</summary>
    private void Write(int tileRows, bool joinsHeads)
    {
        var dims = Program.Dims;
        var items = joinsHeads ? new Shape(_batch.Dims[..^1]) : _batch;
        var allRows = joinsHeads ? _batch[^1] * _queries : _queries;
        var blocks = allRows.CeilDiv(tileRows);
        var all = items.ElementCount(dims) * blocks;
        Kernel.Parallel(Items(all), item =>
        {
            var (number, share) = (ExprFactory.Int(0), ((Expr First, Expr End)?)null);
            if (Parts is not null)
            {
                (number, item) = Program.Math.DivMod(item, all);
                number = Kernel.LetWithin(number, Split!.Shares, "share");
                item = Kernel.LetWithin(item, all, "item");
                var first = Kernel.Let(number * ExprFactory.Dim(Split.Share), "first");
                share = (first, Kernel.Let(ExprFactory.Min(first + ExprFactory.Dim(Split.Share), ExprFactory.Dim(_keys)), "end"));
            }

            // Blocks of one head are neighbours: they share its keys in the cache.
            var (batch, block) = blocks.Is(1) ? (item, ExprFactory.Int(0)) : Program.Math.DivMod(item, blocks);
            var index = Program.Math.Delinearize(batch, items);
            for (var axis = 0; axis < index.Length; axis++)
            {
                index[axis] = Kernel.LetWithin(index[axis], items[axis], "b");
            }

            var row = Kernel.Let(block * tileRows, "row");
            var validRows = Kernel.Let(ExprFactory.Dim(allRows) - row, "rows");

            // The batch index and query that a row of the tile stands for.
            (Expr[] Batch, Expr Query) At(Expr r)
            {
                var at = Kernel.LetWithin(row + r, allRows, "m");
                if (!joinsHeads)
                {
                    return (index, at);
                }

                var (head, query) = Program.Math.DivMod(at, _queries);
                return ([.. index, Kernel.LetWithin(head, _batch[^1], "head")], Kernel.LetWithin(query, _queries, "query"));
            }

            Expr[] shared = joinsHeads ? [.. index, ExprFactory.Int(0)] : index;
            var tile = Kernel.Attention(tileRows, (int)_output.Output.Type.Shape[^1].Constant, _depth, _keys, validRows,
                (r, k) =>
                {
                    var (b, query) = At(r);
                    return Read(_product, 0, b, query, k);
                },
                (k, j) => Read(_product, 1, shared, k, j),
                (r, j, product) =>
                {
                    var (b, query) = At(r);
                    Emitter.Give(_product.Output, _ => product);
                    return Emitter.Pull(_scores, [.. Leading(_scores.Type.Shape, b), query, j]);
                },
                (j, c) => Read(_output, 1, shared, j, c),
                _emptyIsZero, share);
            Kernel.ForEach(tile, ExprFactory.Int(tile.Columns), (r, c, element) =>
            {
                var (b, query) = At(r);
                if (Parts is not null)
                {
                    Kernel.Store(Parts, Program.Math.Canonical((number * ExprFactory.Dim(Split!.Outputs)) + (RowOf(b, query) * ExprFactory.Dim(PartStride)) + c), element);
                    return;
                }

                Emitter.Give(_output.Output, _ => element);
                Emitter.Store(Group.Outputs, [.. Leading(_output.Output.Type.Shape, b), query, c]);
            }, validRows);
        });
    }

    /// <summary>The number of a row of the output.</summary>
    private Expr RowOf(Expr[] batch, Expr query) => Program.Math.Linearize([.. batch, query], new Shape([.. _batch.Dims, _queries]));

    /// <summary>Writes the kernel that makes one output of its parts, an element a thread; the rest of the group follows.</summary>
    protected override void WriteWhole(KernelBuffer parts)
    {
        var shape = new Shape([.. _batch.Dims, _queries, _output.Output.Type.Shape[^1]]);
        Kernel.Parallel(shape.ElementCount(Program.Dims), item =>
        {
            var index = Program.Math.Delinearize(item, shape);
            for (var axis = 0; axis < index.Length; axis++)
            {
                index[axis] = Kernel.LetWithin(index[axis], shape[axis]);
            }

            var row = Kernel.Let(RowOf(index[..^2], index[^2]) * ExprFactory.Dim(PartStride), "row");
            Expr Part(Expr share, Expr column) => ExprFactory.Load(parts, Program.Math.Canonical((share * ExprFactory.Dim(Split!.Outputs)) + row + column));
            var greatestAt = ExprFactory.Dim(shape[^1]);
            void EachShare(Action<Expr> body) => Kernel.Serial(ExprFactory.Dim(Split!.Shares), body);
            var greatest = Kernel.Declare(ExprFactory.Float(double.NegativeInfinity), "greatest");
            EachShare(share => Kernel.Assign(greatest, ExprFactory.Max(ExprFactory.Read(greatest), Part(share, greatestAt))));
            var (most, zero) = (ExprFactory.Read(greatest), ExprFactory.Float(0));
            var shift = Kernel.Let(ExprFactory.Select(ExprFactory.Equal(most, ExprFactory.Float(double.NegativeInfinity)), zero, most), "shift");
            var (total, sum) = (Kernel.Declare(zero, "total"), Kernel.Declare(zero, "sum"));
            EachShare(share =>
            {
                var weight = Kernel.Let(ExprFactory.Unary(UnaryOp.Exp, Part(share, greatestAt) - shift), "weight");
                Kernel.Assign(total, ExprFactory.Read(total) + (weight * Part(share, greatestAt + 1)));
                Kernel.Assign(sum, ExprFactory.Read(sum) + (weight * Part(share, index[^1])));
            });
            var divisor = ExprFactory.Read(total);
            if (_emptyIsZero)
            {
                divisor = ExprFactory.Select(ExprFactory.Equal(divisor, zero), ExprFactory.Float(1), divisor);
            }

            var element = Kernel.Let(ExprFactory.Binary(BinaryOp.Div, ExprFactory.Read(sum), divisor), "output");
            Emitter.Give(_output.Output, _ => element);
            Emitter.Store(Group.Outputs, [.. Leading(_output.Output.Type.Shape, index[..^2]), index[^2], index[^1]]);
        });
    }

    /// <summary>An element of an operand of one of the products.</summary>
    private Expr Read(Node product, int input, Expr[] batch, Expr row, Expr column)
    {
        var operand = product.Inputs[input];
        var own = new Shape(operand.Type.Shape.Dims[..^2]);
        var leading = NodeContext.BroadcastIndex(Emitter, own, new Shape(product.Output.Type.Shape.Dims[..^2]), Leading(product.Output.Type.Shape, batch));
        return Emitter.Pull(operand, [.. leading, row, column]);
    }

    /// <summary>An index of <see cref="_batch"/> as one of the leading axes of a shape with as many rows.</summary>
    private Expr[] Leading(Shape shape, Expr[] batch)
    {
        var leading = new Shape(shape.Dims[..^2]);
        return leading == _batch ? batch : Program.Math.Delinearize(Program.Math.Linearize(batch, _batch), leading);
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
        while (Group.Contains(operand) && operand.Producer is { Op: Transpose or Slice or Reshape } view)
        {
            if (view.Op is Reshape && view.Inputs[0] is { Producer: { Op: Broadcast } broadcast } copies && Group.Contains(copies))
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
