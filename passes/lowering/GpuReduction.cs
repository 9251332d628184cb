using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// Reductions on a GPU whose elements do not lie in one row each, and those of a few long rows. A block takes neighbouring results ("columns") and spreads the
/// reduced elements over the rest of its threads, so that neighbouring threads touch neighbouring memory: as many columns as a warp has threads where the last
/// axis stays, one where it is reduced. What threads found meets in shared memory. Where there are too few blocks for the GPU, the reduced elements are
/// split over several, whose parts a second kernel combines. The order of all sums follows from the dims alone.
/// </summary>
internal sealed class GpuReduction
{
    private const int Threads = 256;

    /// <summary>Elements that a thread reads before it uses the first.</summary>
    private const int Unroll = 4;

    /// <summary>Blocks that keep a GPU busy.</summary>
    private const long BusyBlocks = 512;

    /// <summary>Results beyond which each can have a thread of its own.</summary>
    private const long ManyResults = 1 << 16;

    /// <summary>Reduced elements up to which a thread takes all of them.</summary>
    private const long ShortReduction = 32;

    /// <summary>Elements that a thread of a split reduction should have at least.</summary>
    private const long LeastRounds = 16;

    private readonly ProgramBuilder _program;
    private readonly LoweringGroup _group;
    private readonly Node[] _reduces;
    private readonly Shape _full;
    private readonly int[] _outerAxes;
    private readonly int[] _columnAxes;
    private readonly int[] _reducedAxes;
    private readonly Dim _outer;
    private readonly Dim _columns;
    private readonly Dim _length;
    private readonly Dim _splits;
    private readonly Dim _results;
    private readonly int _width;
    private readonly int _height;
    private KernelBuilder _kernel;
    private GroupEmitter _emitter;

    private GpuReduction(ProgramBuilder program, LoweringGroup group)
    {
        _program = program;
        _group = group;
        _reduces = [.. group.Nodes.Where(n => n.Op is Reduce)];
        _full = _reduces[0].Inputs[0].Type.Shape;
        var axes = ((Reduce)_reduces[0].Op).Axes;
        var last = Enumerable.Range(0, _full.Rank).LastOrDefault(a => axes.Contains(a) && !_full[a].Is(1), -1);
        _reducedAxes = [.. axes.Order()];
        _outerAxes = [.. Enumerable.Range(0, Math.Max(last, 0)).Where(a => !axes.Contains(a))];
        _columnAxes = [.. Enumerable.Range(0, _full.Rank).Where(a => a > last && !axes.Contains(a))];
        var dims = program.Dims;
        (_outer, _columns, _length) = (Part(_outerAxes).ElementCount(dims), Part(_columnAxes).ElementCount(dims), Part(_reducedAxes).ElementCount(dims));
        _results = _outer * _columns;
        _width = Width(_columns);
        _height = Threads / _width;
        var blocks = _outer * _columns.CeilDiv(_width);
        var useful = _length.CeilDiv(_height * LeastRounds).Max(1);
        _splits = dims.Const(BusyBlocks).FloorDiv(blocks.Max(1)).Max(1).Min(useful);
        (_kernel, _emitter) = New();
    }

    private ElementType[] Types => [.. _reduces.Select(n => n.Output.Type.Element).Select(e => e is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : e)];

    private Shape ResultShape => _reduces[0].Output.Type.Shape;

    /// <summary>Lowers a loop group that is made of reductions and what follows them elementwise; false where another schedule serves it better.</summary>
    public static bool TryRun(ProgramBuilder program, LoweringGroup group, Dim flops, IReadOnlyDictionary<LoweredBuffer, Dim> sparse)
    {
        if (!IsReduction(program, group))
        {
            return false;
        }

        var reduction = new GpuReduction(program, group);
        var isShort = reduction._length is { IsConstant: true } length && length.Constant <= (reduction._columns.Is(1) ? ShortReduction / 4 : ShortReduction);
        if (isShort || (reduction._results is { IsConstant: true, Constant: >= ManyResults } && !reduction._columns.Is(1)))
        {
            return false;
        }

        reduction.Run(flops, sparse);
        return true;
    }

    /// <summary>Lowers a row group that only reduces, where it is known to have too few rows to give each to a block.</summary>
    public static bool TryRunFewRows(ProgramBuilder program, LoweringGroup group)
    {
        const long few = 128;
        const long shortRow = 4096;
        if (!IsReduction(program, group))
        {
            return false;
        }

        var reduction = new GpuReduction(program, group);
        if (reduction._results is not { IsConstant: true, Constant: <= few } || reduction._length is { IsConstant: true, Constant: <= shortRow })
        {
            return false;
        }

        reduction.Run(reduction._full.ElementCount(program.Dims) * group.Nodes.Length, new Dictionary<LoweredBuffer, Dim>());
        return true;
    }

    /// <summary>
    /// Reductions of one shape over the same axes, none of which needs another's result; and what is made of the results keeps their places.
    /// </summary>
    private static bool IsReduction(ProgramBuilder program, LoweringGroup group)
    {
        const int mostReductions = 8;
        var reduces = group.Nodes.Where(n => n.Op is Reduce).ToArray();
        if (reduces.Length is 0 or > mostReductions || group.Outputs.Any(o => o.Type.Shape != group.Outputs[0].Type.Shape))
        {
            return false;
        }

        var (full, axes, result) = (reduces[0].Inputs[0].Type.Shape, ((Reduce)reduces[0].Op).Axes, reduces[0].Output.Type.Shape);
        if (program.Facts.ProveEqual(group.Outputs[0].Type.Shape.ElementCount(program.Dims), result.ElementCount(program.Dims)) != Proof.True)
        {
            return false;
        }

        var reached = new HashSet<Value>();
        foreach (var node in group.Nodes)
        {
            var reads = node.Inputs.Where(reached.Contains).ToList();
            if (node.Op is Reduce reduce)
            {
                if (reads.Count > 0 || node.Inputs[0].Type.Shape != full || !reduce.Axes.Order().SequenceEqual(axes.Order()))
                {
                    return false;
                }

                reached.Add(node.Output);
            }
            else if (reads.Count > 0)
            {
                if (node.Op is not Reshape && !(node.Op is IElementwise && reads.All(v => v.Type.Shape == node.Output.Type.Shape)))
                {
                    return false;
                }

                reached.Add(node.Output);
            }
        }

        return true;
    }

    private static int Width(Dim columns)
    {
        var width = 1;
        while (width < GpuModel.WarpThreads && (!columns.IsConstant || columns.Constant > width))
        {
            width *= 2;
        }

        return width;
    }

    private (KernelBuilder Kernel, GroupEmitter Emitter) New()
    {
        var kernel = new KernelBuilder(_group.KernelName(), _program.Dims) { ThreadsPerItem = Threads };
        return (kernel, new GroupEmitter(_program, _group, kernel));
    }

    private Shape Part(int[] axes) => new([.. axes.Select(a => _full[a])]);

    private void Run(Dim flops, IReadOnlyDictionary<LoweredBuffer, Dim> sparse)
    {
        var parts = Array.Empty<LoweredBuffer>();
        if (!_splits.Is(1))
        {
            // One part is none: the second kernel then reads the elements itself.
            parts = [.. Types.Select(t => _program.New(new TensorType(t, [_splits * (_splits - 1).Min(1), _results]), BufferStorage.Arena, null))];
            WriteParts(parts);
            _program.Launch(_kernel, _emitter.Arguments, PerItem(_length.CeilDiv(_splits)), _group.Node.Origins, flops, sparse);
            (_kernel, _emitter) = New();
        }

        WriteResults(parts);
        var (kernel, emitter) = (_kernel, _emitter);
        var alternatives = new List<(Dim When, KernelBuilder Kernel)>();
        if (!_results.IsConstant && !_columns.Is(1))
        {
            // With many results a thread takes one, if there turn out to be so many.
            _kernel = new KernelBuilder(_group.KernelName(), _program.Dims);
            _emitter = new GroupEmitter(_program, _group, _kernel);
            AddParts(parts, isWritten: false);
            _emitter.TakeParameters(emitter);
            GpuLoops.Write(_program, _group, _kernel, _emitter);
            if (_emitter.Arguments.SequenceEqual(emitter.Arguments))
            {
                alternatives.Add((_results.FloorDiv(ManyResults), _kernel));
            }
        }

        _program.Launch(kernel, emitter.Arguments, PerItem(_length.CeilDiv(_splits)), _group.Node.Origins, flops, sparse, inPlace: true,
            alternatives: [.. alternatives]);
    }

    private Dim PerItem(Dim length) => length * _width * _group.Nodes.Length;

    private KernelBuffer[] AddParts(LoweredBuffer[] parts, bool isWritten) => [.. parts.Select(p => _emitter.Add(p, "part", isWritten))];

    /// <summary>The kernel that reduces a share of the elements to a part.</summary>
    private void WriteParts(LoweredBuffer[] buffers)
    {
        var parts = AddParts(buffers, isWritten: true);
        var share = _length.CeilDiv(_splits);
        _kernel.Parallel(_outer * _columns.CeilDiv(_width) * _splits * (_splits - 1).Min(1), item =>
        {
            var (rest, split) = _program.Math.DivMod(item, _splits);
            split = _kernel.LetWithin(split, _splits, "split");
            var (outer, column) = Place(rest);
            var begin = _kernel.Let(split * ExprFactory.Dim(share), "begin");
            var end = _kernel.Let(ExprFactory.Min(begin + ExprFactory.Dim(share), ExprFactory.Dim(_length)), "end");
            var sums = Sums();
            EachThread(column, sums, (c, h) => Accumulate(begin + h, end, row => Elements(outer, c, row)));
            Combine(sums);
            EachColumn(column, (lane, c) =>
            {
                var place = (split * ExprFactory.Dim(_results)) + (outer * ExprFactory.Dim(_columns)) + c;
                for (var i = 0; i < parts.Length; i++)
                {
                    _kernel.Store(parts[i], place, ExprFactory.Load(sums[i], lane));
                }
            });
            _kernel.Barrier();
        });
    }

    /// <summary>The kernel that stores the results: made of parts, or of the elements where there are none.</summary>
    private void WriteResults(LoweredBuffer[] buffers)
    {
        var parts = AddParts(buffers, isWritten: false);
        _kernel.Parallel(_outer * _columns.CeilDiv(_width), item =>
        {
            var (outer, column) = Place(item);
            var sums = Sums();
            void OfElements() => EachThread(column, sums, (c, h) => Accumulate(h, ExprFactory.Dim(_length), row => Elements(outer, c, row)));
            if (parts.Length == 0)
            {
                OfElements();
            }
            else
            {
                Expr Part(KernelBuffer part, Expr split, Expr c) =>
                    _kernel.Let(ExprFactory.Load(part, (split * ExprFactory.Dim(_results)) + (outer * ExprFactory.Dim(_columns)) + c));
                _kernel.If(ExprFactory.Less(ExprFactory.Int(1), ExprFactory.Dim(_splits)), () => EachThread(column, sums, (c, h) =>
                    Accumulate(h, ExprFactory.Dim(_splits), split => [.. parts.Select(p => Part(p, split, c))])), OfElements);
            }

            Combine(sums);
            EachColumn(column, (lane, c) =>
            {
                for (var i = 0; i < _reduces.Length; i++)
                {
                    var result = _kernel.Let(ExprFactory.Cast(_reduces[i].Output.Type.Element, ExprFactory.Load(sums[i], lane)), "r");
                    _emitter.Give(_reduces[i].Output, _ => result);
                }

                var index = IndexOf(outer, c, null);
                var shape = _group.Outputs[0].Type.Shape;
                _emitter.Store(_group.Outputs, shape == ResultShape ? index : _program.Math.Delinearize(_program.Math.Linearize(index, ResultShape), shape));
            });
            _kernel.Barrier();
        });
    }

    /// <summary>Which results a block works on: the index before its columns, and the first column.</summary>
    private (Expr Outer, Expr Column) Place(Expr item)
    {
        var groups = _columns.CeilDiv(_width);
        var (outer, group) = groups.Is(1) ? (item, ExprFactory.Int(0)) : _program.Math.DivMod(item, groups);
        return (_kernel.LetWithin(outer, _outer, "outer"), _kernel.Let(group * _width, "column"));
    }

    private KernelBuffer[] Sums() => [.. Types.Select(t => _kernel.Shared("sums", t, Threads))];

    /// <summary>Each thread has a column and a number among those of that column, and puts what it finds there into shared memory.</summary>
    private void EachThread(Expr column, KernelBuffer[] sums, Func<Expr, Expr, Var[]> body) =>
        _kernel.LoopWithin("v", ExprFactory.Int(0), ExprFactory.Int(Threads), _program.Dims.Const(Threads), LoopKind.Vector, thread =>
        {
            var lane = _kernel.Let(ExprFactory.Binary(BinaryOp.Mod, thread, ExprFactory.Int(_width)), "lane");
            var height = _kernel.Let(ExprFactory.Binary(BinaryOp.FloorDiv, thread, ExprFactory.Int(_width)), "h");
            void Store(Func<int, Expr> value)
            {
                for (var i = 0; i < sums.Length; i++)
                {
                    _kernel.Store(sums[i], thread, value(i));
                }
            }

            _kernel.If(ExprFactory.Less(column + lane, ExprFactory.Dim(_columns)), () =>
            {
                var found = body(_kernel.LetWithin(column + lane, _columns, "c"), height);
                Store(i => ExprFactory.Read(found[i]));
            }, () => Store(i => ((Reduce)_reduces[i].Op).Kind.Neutral(Types[i])));
        });

    private void EachColumn(Expr column, Action<Expr, Expr> body) =>
        _kernel.LoopWithin("v", ExprFactory.Int(0), ExprFactory.Int(_width), _program.Dims.Const(_width), LoopKind.Vector, lane =>
            _kernel.If(ExprFactory.Less(column + lane, ExprFactory.Dim(_columns)), () => body(lane, _kernel.LetWithin(column + lane, _columns, "c"))));

    /// <summary>Combines the rows first, first + height and so on below the end.</summary>
    private Var[] Accumulate(Expr first, Expr end, Func<Expr, Expr[]> elements)
    {
        Var[] sums = [.. _reduces.Select((n, i) => _kernel.Declare(((Reduce)n.Op).Kind.Neutral(Types[i]), "acc"))];
        first = _kernel.Let(first, "first");
        var count = _kernel.Let(ExprFactory.Binary(BinaryOp.FloorDiv, end - first + (_height - 1), ExprFactory.Int(_height)), "count");
        var groups = _kernel.Let(ExprFactory.Binary(BinaryOp.FloorDiv, count, ExprFactory.Int(Unroll)), "groups");
        Expr[] At(Expr number) => elements(_kernel.Let(first + (number * _height), "row"));
        void Add(Expr[] values)
        {
            for (var i = 0; i < sums.Length; i++)
            {
                _kernel.Assign(sums[i], ExprFactory.Binary(((Reduce)_reduces[i].Op).Kind.Operator(), ExprFactory.Read(sums[i]), values[i]));
            }
        }

        _kernel.Serial(groups, g =>
        {
            // All are read before the first is added.
            Expr[][] values = [.. Enumerable.Range(0, Unroll).Select(j => At((g * Unroll) + j))];
            Array.ForEach(values, Add);
        });
        _kernel.Serial(groups * Unroll, count, k => Add(At(k)));
        return sums;
    }

    /// <summary>The upper half of the threads' sums joins the lower, again and again, until the first of each column holds all.</summary>
    private void Combine(KernelBuffer[] sums)
    {
        _kernel.Barrier();
        for (var distance = Threads / 2; distance >= _width; distance /= 2)
        {
            var apart = distance;
            _kernel.LoopWithin("v", ExprFactory.Int(0), ExprFactory.Int(apart), _program.Dims.Const(apart), LoopKind.Vector, lane =>
            {
                for (var i = 0; i < sums.Length; i++)
                {
                    _kernel.Store(sums[i], lane, ExprFactory.Binary(
                        ((Reduce)_reduces[i].Op).Kind.Operator(), ExprFactory.Load(sums[i], lane), ExprFactory.Load(sums[i], lane + apart)));
                }
            });
            _kernel.Barrier();
        }
    }

    /// <summary>What the reductions take in at a row of the reduced elements.</summary>
    private Expr[] Elements(Expr outer, Expr column, Expr row)
    {
        var index = IndexOf(outer, column, _kernel.LetWithin(row, _length, "row"));
        return [.. _reduces.Select((n, i) => _kernel.Let(ExprFactory.Cast(Types[i], _emitter.Pull(n.Inputs[0], index))))];
    }

    /// <summary>The index in the reduced shape, or of its first element where no row is given: a result.</summary>
    private Expr[] IndexOf(Expr outer, Expr column, Expr? row)
    {
        var index = new Expr[_full.Rank];
        Array.Fill(index, ExprFactory.Int(0));
        void Set(int[] axes, Expr position)
        {
            var part = _program.Math.Delinearize(position, Part(axes));
            for (var i = 0; i < axes.Length; i++)
            {
                index[axes[i]] = part[i];
            }
        }

        Set(_outerAxes, outer);
        Set(_columnAxes, column);
        if (row is not null)
        {
            Set(_reducedAxes, row);
        }

        return index;
    }
}
