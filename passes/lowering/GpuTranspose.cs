using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// Transposes on a GPU that move the last axis, with what is elementwise around them: neighbours in memory are neighbours on different axes on either side. A
/// block takes a square of both axes: it reads along one, and writes along the other what lies in shared memory in between.
/// </summary>
internal sealed class GpuTranspose
{
    private const int Threads = GpuModel.BlockThreads;

    /// <summary>Elements of an edge of the square.</summary>
    private const int Edge = GpuModel.WarpThreads;

    /// <summary>An axis that is known to be shorter would leave too many threads idle.</summary>
    private const long ShortestAxis = 8;

    private readonly ProgramBuilder _program;
    private readonly LoweringGroup _group;
    private readonly Node[] _transposes;
    private readonly Shape _shape;
    private readonly int[] _from;
    private readonly int[] _to;

    private GpuTranspose(ProgramBuilder program, LoweringGroup group, Node[] transposes, int[] from, int[] to)
    {
        (_program, _group, _transposes, _from, _to) = (program, group, transposes, from, to);
        _shape = transposes[0].Output.Type.Shape;
    }

    /// <summary>Lowers a loop group with such a transpose; false for others.</summary>
    public static bool TryRun(ProgramBuilder program, LoweringGroup group, Dim flops, IReadOnlyDictionary<LoweredBuffer, Dim> sparse)
    {
        var shape = group.Outputs[0].Type.Shape;
        if (group.Outputs.Any(o => o.Type.Shape != shape))
        {
            return false;
        }

        // The axes of the result along which the transposes read and write neighbours, the same for all of them.
        var moving = new List<Node>();
        (int[] From, int[] To)? axes = null;
        foreach (var node in group.Nodes.Where(n => n.Op is Transpose && n.Output.Type.Shape == shape))
        {
            if (AxesOf(node) is { } own)
            {
                if (axes is { } known && !(known.From.SequenceEqual(own.From) && known.To.SequenceEqual(own.To)))
                {
                    return false;
                }

                axes = own;
                moving.Add(node);
            }
        }

        bool IsLong(int[] run) => new Shape([.. run.Select(a => shape[a])]).ElementCount(program.Dims) is not { IsConstant: true, Constant: < ShortestAxis };
        if (axes is not { } found || !KeepPlaces(group, moving) || !IsLong(found.From) || !IsLong(found.To))
        {
            return false;
        }

        new GpuTranspose(program, group, [.. moving], found.From, found.To).Run(flops, sparse);
        return true;
    }

    /// <summary>
    /// The axes of a transpose's result that together are the innermost run of its operand, and of the result itself; null where they are the same.
    /// </summary>
    private static (int[] From, int[] To)? AxesOf(Node node)
    {
        var permutation = ((Transpose)node.Op).Permutation.ToArray();
        var (shape, source) = (node.Output.Type.Shape, node.Inputs[0].Type.Shape);
        var axes = Enumerable.Range(0, shape.Rank).Where(a => !shape[a].Is(1)).ToList();
        if (axes.Count < 2)
        {
            return null;
        }

        // Neighbouring axes of the result that are neighbours in the operand too go as one.
        var order = axes.OrderBy(a => permutation[a]).ToList();
        int[] Run(int last)
        {
            var run = new List<int> { last };
            for (var a = axes.IndexOf(last); a > 0 && order.IndexOf(axes[a]) == order.IndexOf(axes[a - 1]) + 1; a--)
            {
                run.Insert(0, axes[a - 1]);
            }

            return [.. run];
        }

        var (from, to) = (Run(order[^1]), Run(axes[^1]));
        return from.Contains(axes[^1]) ? null : (from, to);
    }

    /// <summary>Whether the group's outputs are made of the transposes elementwise.</summary>
    private static bool KeepPlaces(LoweringGroup group, List<Node> moving)
    {
        var reached = new HashSet<Value>();
        foreach (var node in group.Nodes)
        {
            var reads = node.Inputs.Any(reached.Contains);
            if (moving.Contains(node) ? reads : reads && !(node.Op is IElementwise && !node.Op.IsHeavy
                && node.Inputs.Where(reached.Contains).All(v => v.Type.Shape == node.Output.Type.Shape)))
            {
                return false;
            }

            if (reads || moving.Contains(node))
            {
                reached.Add(node.Output);
            }
        }

        return true;
    }

    private void Run(Dim flops, IReadOnlyDictionary<LoweredBuffer, Dim> sparse)
    {
        const int line = Edge + 1;
        var dims = _program.Dims;
        var kernel = new KernelBuilder(_group.KernelName(), dims) { ThreadsPerItem = Threads };
        var emitter = new GroupEmitter(_program, _group, kernel);
        int[] outerAxes = [.. Enumerable.Range(0, _shape.Rank).Where(a => !_from.Contains(a) && !_to.Contains(a))];
        var (outer, from, to) = (Part(outerAxes), Part(_from).ElementCount(dims), Part(_to).ElementCount(dims));
        var (fromBlocks, toBlocks) = (from.CeilDiv(Edge), to.CeilDiv(Edge));
        kernel.Parallel(outer.ElementCount(dims) * fromBlocks * toBlocks, item =>
        {
            var (rest, toBlock) = toBlocks.Is(1) ? (item, ExprFactory.Int(0)) : _program.Math.DivMod(item, toBlocks);
            var (number, fromBlock) = fromBlocks.Is(1) ? (rest, ExprFactory.Int(0)) : _program.Math.DivMod(rest, fromBlocks);
            var (firstFrom, firstTo) = (kernel.Let(fromBlock * Edge, "from"), kernel.Let(toBlock * Edge, "to"));
            var index = new Expr[_shape.Rank];
            void Set(int[] axes, Expr position)
            {
                var part = _program.Math.Delinearize(position, Part(axes));
                for (var i = 0; i < axes.Length; i++)
                {
                    index[axes[i]] = kernel.LetWithin(part[i], _shape[axes[i]]);
                }
            }

            Set(outerAxes, kernel.LetWithin(number, outer.ElementCount(dims)));
            KernelBuffer[] squares = [.. _transposes.Select(t => kernel.Shared("square", t.Output.Type.Element, Edge * line))];

            // The square's elements, with neighbouring threads along one of its axes.
            void ForEach(bool alongFrom, Action<Expr> body) => kernel.LoopWithin(
                "v", ExprFactory.Int(0), ExprFactory.Int(Edge * Edge), dims.Const(Edge * Edge), LoopKind.Vector, v =>
                {
                    var fast = kernel.Let(ExprFactory.Binary(BinaryOp.Mod, v, ExprFactory.Int(Edge)), "fast");
                    var slow = kernel.Let(ExprFactory.Binary(BinaryOp.FloorDiv, v, ExprFactory.Int(Edge)), "slow");
                    var (i, j) = alongFrom ? (fast, slow) : (slow, fast);
                    var (x, y) = (kernel.Let(firstFrom + i, "x"), kernel.Let(firstTo + j, "y"));
                    kernel.If(ExprFactory.And(ExprFactory.Less(x, ExprFactory.Dim(from)), ExprFactory.Less(y, ExprFactory.Dim(to))), () =>
                    {
                        Set(_from, kernel.LetWithin(x, from, "x"));
                        Set(_to, kernel.LetWithin(y, to, "y"));
                        body((j * line) + i);
                    });
                });
            ForEach(true, place =>
            {
                for (var t = 0; t < _transposes.Length; t++)
                {
                    kernel.Store(squares[t], place, emitter.Pull(_transposes[t].Output, [.. index]));
                }
            });
            kernel.Barrier();
            ForEach(false, place =>
            {
                for (var t = 0; t < _transposes.Length; t++)
                {
                    var element = kernel.Let(ExprFactory.Load(squares[t], place), "element");
                    emitter.Give(_transposes[t].Output, _ => element);
                }

                emitter.Store(_group.Outputs, [.. index]);
            });
            kernel.Barrier();
        });
        _program.Launch(kernel, emitter.Arguments, dims.Const(Edge * Edge * _group.Nodes.Length), _group.Node.Origins, flops, sparse, inPlace: true);
    }

    private Shape Part(int[] axes) => new([.. axes.Select(a => _shape[a])]);
}
