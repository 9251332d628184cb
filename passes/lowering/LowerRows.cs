using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// The schedule of row groups: a work item is a row (one index of the axes that stay). Reductions run one after the other over the row in
/// vector lanes; their results and what is made of them are scalars of the row. Dear elementwise values that several of these loops need are
/// kept in a scratch row.
/// </summary>
internal sealed class LowerRows
{
    private readonly ProgramBuilder _program;
    private readonly LoweringGroup _group;
    private readonly KernelBuilder _kernel;
    private readonly GroupEmitter _emitter;
    private readonly Shape _full;
    private readonly ValueList<int> _axes;
    private readonly Shape _rows;
    private readonly Shape _inner;
    private readonly Dictionary<Value, (KernelBuffer Buffer, bool IsFilled)> _cached = [];
    private Expr[] _rowIndex = [];
    private Expr _lane = ExprFactory.Int(0);

    private LowerRows(ProgramBuilder program, LoweringGroup group)
    {
        _program = program;
        _group = group;
        _kernel = new KernelBuilder(group.KernelName(), program.Dims);
        _emitter = new GroupEmitter(program, group, _kernel);
        var reduction = group.Nodes.First(n => n.Op is Reduce);
        _full = reduction.Inputs[0].Type.Shape;
        _axes = ((Reduce)reduction.Op).Axes;
        var kept = _full.Rank - _axes.Count;
        _rows = new Shape(_full.Dims[..kept]);
        _inner = new Shape(_full.Dims[kept..]);
    }

    public static void Run(ProgramBuilder program, LoweringGroup group)
    {
        if (program.Machine.Gpu is null || !GpuReduction.TryRunFewRows(program, group))
        {
            new LowerRows(program, group).Run();
        }
    }

    private void Run()
    {
        var dims = _program.Dims;
        var length = _inner.ElementCount(dims);
        var stages = Stages();
        _kernel.ThreadsPerItem = _program.Machine.Gpu is null ? 1 : GpuModel.ThreadsOfRow(length);
        _kernel.Parallel(_rows.ElementCount(dims), row =>
        {
            _rowIndex = _program.Math.Delinearize(row, _rows);
            for (var axis = 0; axis < _rowIndex.Length; axis++)
            {
                _rowIndex[axis] = _kernel.LetWithin(_rowIndex[axis], _rows[axis]);
            }

            ChooseCached(stages, length);
            foreach (var node in _group.Nodes)
            {
                if (node.Op is Reduce reduce)
                {
                    var result = ReduceRow(node, reduce, stages[node], length);
                    _emitter.Give(node.Output, _ => result);
                }
                else if (IsRowScalar(node))
                {
                    var scalar = _emitter.Pull(node.Output, RowIndex());
                    _emitter.Give(node.Output, _ => scalar);
                }
            }

            StoreOutputs(stages, length);
        });
        _program.Launch(_kernel, _emitter.Arguments, length * _group.Nodes.Length, _group.Node.Origins, inPlace: true);
    }

    private Expr[] RowIndex() => [.. _rowIndex, .. _inner.Dims.Select(_ => ExprFactory.Int(0))];

    private Expr[] IndexAt(Expr lane) => [.. _rowIndex, .. _program.Math.Delinearize(lane, _inner)];

    /// <summary>A value with one element a row, made of reductions or row-wise inputs.</summary>
    private bool IsRowScalar(Node node) => node.Op is IElementwise && node.Outputs[0].Type.Shape != _full
        && node.Output.Type.Shape.Rank == _full.Rank
        && Enumerable.Range(0, _full.Rank).All(a => _axes.Contains(a) ? node.Output.Type.Shape[a].Is(1) : node.Output.Type.Shape[a] == _full[a]);

    /// <summary>For each loop over the row (a reduction, or null for the stores at the end): the full-size members that it computes.</summary>
    private Dictionary<object, HashSet<Node>> Stages()
    {
        var stages = new Dictionary<object, HashSet<Node>>();
        void Collect(HashSet<Node> stage, Value value)
        {
            var pending = new Stack<Value>([value]);
            while (pending.TryPop(out var item))
            {
                if (_group.Contains(item) && item.Producer is { Op: not Reduce } node && !IsRowScalar(node) && stage.Add(node))
                {
                    foreach (var input in node.Inputs)
                    {
                        pending.Push(input);
                    }
                }
            }
        }

        foreach (var node in _group.Nodes.Where(n => n.Op is Reduce))
        {
            Collect(stages[node] = [], node.Inputs[0]);
        }

        stages[this] = [];
        foreach (var output in FullOutputs())
        {
            Collect(stages[this], output);
        }

        return stages;
    }

    private IEnumerable<Value> FullOutputs() => _group.Outputs.Where(o => o.Producer is { Op: not Reduce } node && !IsRowScalar(node));

    /// <summary>Gives a scratch row to each dear value that more than one loop needs; on a GPU computing it again costs less than its way to memory.</summary>
    private void ChooseCached(Dictionary<object, HashSet<Node>> stages, Dim length)
    {
        if (_program.Machine.Gpu is not null)
        {
            return;
        }

        foreach (var node in _group.Nodes)
        {
            if (IsDear(node) && stages.Values.Count(s => s.Contains(node)) > 1 && node.Output.Type.Shape == _full)
            {
                _cached[node.Output] = (_kernel.Scratch("row", node.Output.Type.Element, length), false);
            }
        }
    }

    private static bool IsDear(Node node) => node.Op is not (Constant or Add or Sub or Mul or Neg or Abs or Min or Max or Cast or Where or Equal
        or Less or LessOrEqual or And or Or or Not or Broadcast or Reshape);

    private Expr ReduceRow(Node node, Reduce reduce, HashSet<Node> stage, Dim length)
    {
        var element = node.Output.Type.Element;
        var sum = element is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : element;
        var accumulator = _kernel.Declare(reduce.Kind.Neutral(sum), "acc");
        var op = reduce.Kind.Operator();
        Loop(stage, length, index =>
        {
            var value = ExprFactory.Cast(sum, _emitter.Pull(node.Inputs[0], index));
            _kernel.Assign(accumulator, ExprFactory.Binary(op, ExprFactory.Read(accumulator), value));
        }, new Reduction(accumulator, op));
        return _kernel.Let(ExprFactory.Cast(element, ExprFactory.Read(accumulator)), "r");
    }

    private void StoreOutputs(Dictionary<object, HashSet<Node>> stages, Dim length)
    {
        _emitter.Store(_group.Outputs.Except(FullOutputs()), RowIndex());

        if (FullOutputs().Any())
        {
            Loop(stages[this], length, index => _emitter.Store(FullOutputs(), index));
        }
    }

    /// <summary>One loop over the row: reads cached values of earlier loops and fills those that it is the first to compute.</summary>
    private void Loop(HashSet<Node> stage, Dim length, Action<Expr[]> body, params ReadOnlySpan<Reduction> reductions)
    {
        var toFill = _cached.Where(c => !c.Value.IsFilled && stage.Contains(c.Key.Producer!)).Select(c => c.Key).ToList();
        foreach (var (value, (buffer, isFilled)) in _cached)
        {
            if (isFilled)
            {
                _emitter.Give(value, _ => ExprFactory.Load(buffer, _lane));
            }
        }

        _kernel.LoopWithin("v", ExprFactory.Int(0), ExprFactory.Dim(length), length, LoopKind.Vector, lane =>
        {
            _lane = lane;
            var index = IndexAt(lane);
            body(index);
            foreach (var value in toFill)
            {
                _kernel.Store(_cached[value].Buffer, lane, _emitter.Pull(value, index));
            }
        }, reductions);
        foreach (var value in toFill)
        {
            _cached[value] = (_cached[value].Buffer, true);
        }
    }
}
