using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.IR;

/// <summary>
/// Runs a module by <see cref="Op.Evaluate"/>, node by node: the slow and obvious reference for everything that compiles graphs. It also checks
/// that each result has the shape that was inferred for it and that every guard holds.
/// </summary>
public sealed class GraphEvaluator(Module module)
{
    private readonly Dictionary<Value, Tensor> _values = [];
    private readonly DimEvaluator _dims = new(module.Dims);

    /// <summary>What all values had in the last run, those of regions in their last iteration.</summary>
    public IReadOnlyDictionary<Value, Tensor> Values => _values;

    /// <summary>
    /// Runs the main graph on inputs in its order and gives its outputs. Symbols are bound from the inputs' shapes.
    /// Throws <see cref="DlcException"/> (<see cref="ErrorCodes.BadInput"/>) where inputs do not fit or data is out of range, and
    /// <see cref="InternalCompilerException"/> where a result does not have its inferred type.
    /// </summary>
    public IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs)
    {
        _values.Clear();
        _dims.Clear();
        var graph = module.Main;
        if (inputs.Count != graph.Inputs.Length)
        {
            throw EvaluateContext.Error($"expected {graph.Inputs.Length} inputs, found {inputs.Count}");
        }

        for (var i = 0; i < inputs.Count; i++)
        {
            Bind(graph.Inputs[i], inputs[i]);
        }

        CheckGuards(module.Facts);
        var outputs = Run(graph);
        CheckGuards(module.Facts);
        return outputs;
    }

    /// <summary>Runs a region on arguments; outer values are those of this run.</summary>
    public IReadOnlyList<Tensor> Run(Graph region, IReadOnlyList<Tensor> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            _values[region.Inputs[i]] = arguments[i];
        }

        var outputs = Run(region);
        if (!ReferenceEquals(region.Facts, module.Facts))
        {
            CheckGuards(region.Facts);
        }

        return outputs;
    }

    private IReadOnlyList<Tensor> Run(Graph graph)
    {
        foreach (var node in graph.Nodes)
        {
            var inputs = node.Inputs.Select(value => _values[value]).ToList();
            if (node.Op is Fused)
            {
                Set(node, Run(node.Regions[0], inputs));
                continue;
            }

            var context = new EvaluateContext(inputs, _dims.Evaluate, [.. node.Outputs.Select(o => o.Type)])
            {
                Regions = node.Regions,
                RunRegion = Run,
                BindNow = Bind,
                IsBound = _dims.IsBound,
            };
            node.Op.Evaluate(context);
            foreach (var (symbol, value) in context.Bound)
            {
                Bind(symbol, value);
            }

            Set(node, context.Outputs);
        }

        return [.. graph.Outputs.Select(value => _values[value])];
    }

    private void Set(Node node, IReadOnlyList<Tensor?> results)
    {
        for (var i = 0; i < results.Count; i++)
        {
            var (value, tensor) = (node.Outputs[i], results[i]);
            if (tensor is null || tensor.Element != value.Type.Element
                || !tensor.Dims.AsSpan().SequenceEqual(value.Type.Shape.Select(_dims.Evaluate).ToArray()))
            {
                var found = tensor is null ? "nothing" : $"{tensor.Element.ShortName()}[{string.Join(", ", tensor.Dims)}]";
                throw new InternalCompilerException("evaluate", node, $"output {i} is {found}, not {value.Type}");
            }

            _values[value] = tensor;
        }
    }

    private void Bind(Value input, Tensor tensor)
    {
        var type = input.Type;
        if (tensor.Element != type.Element || tensor.Rank != type.Rank)
        {
            throw Misfit(input, tensor);
        }

        for (var axis = 0; axis < type.Rank; axis++)
        {
            var dim = type.Shape[axis];
            if (dim.IsSymbol && !_dims.IsBound(dim))
            {
                Bind(dim, tensor.Dims[axis]);
            }
            else if (_dims.Evaluate(dim) != tensor.Dims[axis])
            {
                throw Misfit(input, tensor);
            }
        }

        _values[input] = tensor;
    }

    private void Bind(Dim symbol, long value) => _dims.Bind(symbol, value);

    private void CheckGuards(Facts facts)
    {
        foreach (var guard in facts.OwnGuards)
        {
            // Symbols of a branch that was not taken have no value, and what speaks of them does not matter.
            if (_dims.TryEvaluate(guard.Left, out var left) && _dims.TryEvaluate(guard.Right, out var right) && !Holds(guard.Relation, left, right))
            {
                throw EvaluateContext.Error($"{guard.Reason}: {guard.Left} = {left} and {guard.Right} = {right} do not fit ({guard.Relation})");
            }
        }
    }

    private static bool Holds(Relation relation, long left, long right) => relation switch
    {
        Relation.Equal => left == right,
        Relation.LessOrEqual => left <= right,
        Relation.Less => left < right,
        Relation.Divisible => right != 0 && left % right == 0,
        _ => throw new InvalidOperationException($"unknown relation {relation}"),
    };

    private static DlcException Misfit(Value input, Tensor tensor) => EvaluateContext.Error(
        $"input '{input.Name}' should be {input.Type}, found {tensor.Element.ShortName()}[{string.Join(", ", tensor.Dims)}]");
}
