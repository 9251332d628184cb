using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// Writes the values of a group into a kernel on demand: the value at an index is pulled through the index functions down to loads of the
/// group's inputs. What was pulled before in a block that is still open is not computed again.
/// </summary>
internal sealed class GroupEmitter(ProgramBuilder program, LoweringGroup group, KernelBuilder kernel)
{
    private readonly Dictionary<Value, KernelBuffer> _parameters = [];
    private readonly List<LoweredBuffer> _arguments = [];
    private readonly List<(Value Value, bool IsWritten)> _order = [];
    private readonly Dictionary<Value, Func<Expr[], Expr>> _given = [];
    private readonly Dictionary<(Value, Expr?, ValueList<Expr>), (Expr Result, int Block)> _pulled = [];
    private Expr? _guard;

    public KernelBuilder Kernel { get; } = kernel;

    public ProgramBuilder Program => program;

    public LoweringGroup Group => group;

    public IndexMath Math => program.Math;

    /// <summary>The buffers of the kernel's parameters in order.</summary>
    public IReadOnlyList<LoweredBuffer> Arguments => _arguments;

    /// <summary>How a value is read instead of being pulled: an accumulator, a row scalar, a cached row.</summary>
    public void Give(Value value, Func<Expr[], Expr> read) => _given[value] = read;

    /// <summary>The parameter that holds an input of the group.</summary>
    public KernelBuffer Input(Value value)
    {
        if (!_parameters.TryGetValue(value, out var parameter))
        {
            var buffer = program[group.Outer(value)];
            parameter = Add(buffer, $"in", isWritten: false);
            _order.Add((value, false));
            _parameters.Add(value, parameter);
        }

        return parameter;
    }

    public KernelBuffer Output(Value value)
    {
        if (!_parameters.TryGetValue(value, out var parameter))
        {
            parameter = Add(program.Output(group.Node.Outputs[group.Outputs.IndexOf(value)]), "out", isWritten: true);
            _order.Add((value, true));
            _parameters.Add(value, parameter);
        }

        return parameter;
    }

    /// <summary>Takes the parameters of another kernel of the group, in their order.</summary>
    public void TakeParameters(GroupEmitter other)
    {
        foreach (var (value, isWritten) in other._order)
        {
            _ = isWritten ? Output(value) : Input(value);
        }
    }

    public KernelBuffer Add(LoweredBuffer buffer, string name, bool isWritten)
    {
        _arguments.Add(buffer);
        return Kernel.Parameter(name, buffer.Type.Element, isWritten, buffer.Storage == BufferStorage.Constant);
    }

    /// <summary>The element of a value at an index, written into the current block where it is not there yet.</summary>
    public Expr Pull(Value value, Expr[] index)
    {
        if (_given.TryGetValue(value, out var read))
        {
            return read(index);
        }

        if (!group.Contains(value) && ScalarLiteral(value) is { } literal)
        {
            return literal;
        }

        var key = (value, _guard, index.ToValueList());
        if (_pulled.TryGetValue(key, out var known) && Kernel.IsOpen(known.Block))
        {
            return known.Result;
        }

        var result = group.Contains(value) ? Kernel.Let(Compute(value.Producer!, index)) : Load(Input(value), Math.Linearize(index, value.Type.Shape));
        _pulled[key] = (result, Kernel.CurrentBlock);
        return result;
    }

    private Expr Compute(Node node, Expr[] index) => node.Op switch
    {
        Constant constant => Literal(constant.Tensor),
        IIndexFunction function => function.At(new NodeContext(this, node), index),
        Reduce reduce => InlineReduction.Emit(this, node, reduce, index),
        Conv conv => DirectConvolution.Emit(this, node, conv, index),
        _ => throw new InvalidOperationException($"{node.Op.Name} is no function of an index"),
    };

    /// <summary>
    /// Where a value is read from when it is an input of the group seen through views alone: the input and the element's offset; else null.
    /// </summary>
    public (Value Input, Expr Index)? Access(Value value, Expr[] index)
    {
        if (!group.Contains(value))
        {
            return (value, Math.Linearize(index, value.Type.Shape));
        }

        var node = value.Producer!;
        if (!Fusion.FusionRules.IsView(node))
        {
            return null;
        }

        (Value, Expr)? found = null;
        var probe = new NodeContext(this, node) { OnInput = (_, at) => found = Access(node.Inputs[0], at) };
        ((IIndexFunction)node.Op).At(probe, index);
        return found;
    }

    /// <summary>
    /// Stores outputs of the group, given the index in the domain of the group's root; a transpose at the end moves the place. All are computed before the
    /// first is stored, as an output may lie in the memory of an input.
    /// </summary>
    public void Store(IEnumerable<Value> outputs, Expr[] index)
    {
        foreach (var (output, place, element) in outputs.Select(o => Element(o, index)).ToList())
        {
            Kernel.Store(Output(output), Math.Canonical(Math.Linearize(place, output.Type.Shape)), element);
        }
    }

    private (Value Output, Expr[] Place, Expr Element) Element(Value output, Expr[] index)
    {
        if (output.Producer is { Op: Transpose transpose } node && group.Kind is FusionKind.MatMul or FusionKind.Attention)
        {
            return (output, [.. transpose.Permutation.Select(axis => index[axis])], Pull(node.Inputs[0], index));
        }

        return (output, index, Pull(output, index));
    }

    public Expr Load(KernelBuffer buffer, Expr index) => Kernel.Let(ExprFactory.Load(buffer, Math.Canonical(index), _guard), "x");

    public Expr Guarded(Expr condition, Func<Expr> value, Expr otherwise)
    {
        var outer = _guard;
        _guard = outer is null ? condition : ExprFactory.And(outer, condition);
        if (_guard is IntLiteral { Value: 1 })
        {
            _guard = null;
        }

        var result = value();
        _guard = outer;
        return ExprFactory.Select(condition, result, otherwise);
    }

    public void Check(Expr condition, string message)
    {
        var origin = group.Node.Origins.IsEmpty ? string.Empty : $"node '{group.Node.Origins[0]}': ";
        Kernel.Check(_guard is null ? condition : ExprFactory.Or(ExprFactory.Not(_guard), condition), origin + message);
    }

    private Expr? ScalarLiteral(Value value) =>
        group.Outer(value).Producer?.Op is Constant { Tensor.Count: 1 } constant ? Literal(constant.Tensor) : null;

    private static Expr Literal(Tensor tensor) => tensor.Count != 1
        ? throw new InvalidOperationException("a constant of several elements is an input of its kernel")
        : tensor.Element.IsFloat() ? ExprFactory.Float(tensor.GetDouble(0), tensor.Element) : ExprFactory.Int(tensor.GetLong(0), tensor.Element);
}
