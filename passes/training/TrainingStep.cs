using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.Passes.Autodiff;

namespace Dlc.Passes.Training;

/// <summary>
/// A training step as one graph: loss, gradients, and the next content of every parameter and of the optimizer's state. Inputs are those of the model, the
/// parameters and states, and <see cref="LearningRate"/> (f32 scalar); the first output is the loss. Parameters and states are updated in place.
/// </summary>
public sealed class TrainingStep
{
    /// <summary>Name of the input that takes the learning rate.</summary>
    public const string LearningRate = "learning_rate";

    /// <summary>Name of the output with the norm of all gradients, where they are clipped.</summary>
    public const string GradientNorm = "gradient_norm";

    private const string Prefix = "optimizer.";

    private readonly TrainingStepOptions _options;
    private readonly OpWriter _writer;
    private readonly List<Value> _outputs = [];
    private readonly List<string> _names = [];
    private readonly List<TrainingState> _states = [];

    private TrainingStep(OpWriter writer, TrainingStepOptions options)
    {
        _writer = writer;
        _options = options;
    }

    /// <summary>All that lives from step to step, parameters first.</summary>
    public IReadOnlyList<TrainingState> States => _states;

    /// <summary>The outputs' names, the loss first.</summary>
    public IReadOnlyList<string> OutputNames => _names;

    /// <summary>Makes a module's main graph its training step.</summary>
    /// <param name="module">Its main graph computes the loss.</param>
    /// <param name="loss">The position of the loss among the outputs: a float tensor of one element. Other outputs are dropped.</param>
    /// <param name="parameters">Inputs of the graph, with names. One of f16 or bf16 has a master copy in f32 among the states.</param>
    /// <param name="options">The optimizer and what it does to gradients.</param>
    /// <exception cref="DlcException">As <see cref="GradientGraph.Build"/>; also where the loss depends on none of the parameters, or on not all of them.</exception>
    public static TrainingStep Build(Module module, int loss, IReadOnlyList<Value> parameters, TrainingStepOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.AccumulationSteps, 1);
        var gradients = GradientGraph.Build(module.Main, loss, parameters);
        var unreached = parameters.Where((_, i) => gradients.Gradients[i] is null).Select(p => $"'{p.Name}'").ToList();
        if (parameters.Count == 0 || unreached.Count > 0)
        {
            throw new DlcException(ErrorCodes.BadOption, parameters.Count == 0
                ? "there is no parameter to train" : $"the loss does not depend on the parameters {string.Join(", ", unreached)}");
        }

        var step = new TrainingStep(new OpWriter(gradients.Builder, []), options);
        var value = gradients.Outputs[loss];
        step._outputs.Add(step._writer.Shaped(value, []));
        step._names.Add(loss < module.OutputNames.Count ? module.OutputNames[loss] : "loss");
        var first = gradients.Builder.Nodes.Count;
        step.Append(parameters, [.. gradients.Gradients.Select(g => g!)]);
        var graph = gradients.Builder.Build([.. step._outputs]);
        graph = graph.WithUpdates([.. step._states.Select(s => new StateUpdate(s.Output, graph.Inputs.IndexOf(s.Input)))]);
        module.Main = UpdatePlaces.Run(graph, first);
        module.OutputNames = step._names;
        return step;
    }

    private void Append(IReadOnlyList<Value> parameters, Value[] gradients)
    {
        var rate = _writer.Builder.Input(new TensorType(ElementType.Float32, []), LearningRate);

        // Parameters come first among the states, whatever else there is.
        var places = parameters.Select(p => Reserve(p.Name!, p, p)).ToArray();
        Value? applies = null;
        var count = State("step", new TensorType(ElementType.Int64, []));
        if (_options.AccumulationSteps > 1)
        {
            var batches = State("batches", new TensorType(ElementType.Int64, []));
            var next = _writer.Plus(batches.Input, 1);
            applies = _writer.IsEqual(_writer.Emit(new Mod(), next, _writer.Scalar(ElementType.Int64, _options.AccumulationSteps)), 0);
            Set(batches, next);
            gradients = [.. gradients.Select((g, i) => Accumulated(parameters[i], g, applies))];
        }

        // What is computed in halves moves in f32: a small step would vanish in them.
        gradients = [.. gradients.Select(g => _writer.As(g, OpWriter.Wide(g.Type.Element)))];
        if (_options.ClipNorm is { } most)
        {
            gradients = Clipped(gradients, most);
        }

        var taken = _writer.Plus(count.Input, 1);
        Set(count, taken, applies);
        var contexts = new Dictionary<ElementType, StepContext>();
        for (var i = 0; i < gradients.Length; i++)
        {
            var element = gradients[i].Type.Element;
            if (!contexts.TryGetValue(element, out var context))
            {
                contexts[element] = context = new StepContext(_writer.As(rate, element), taken);
            }

            Move(places[i], parameters[i], gradients[i], context, applies);
        }
    }

    private void Move(TrainingState place, Value parameter, Value gradient, StepContext context, Value? applies)
    {
        var element = gradient.Type.Element;
        var master = element == parameter.Type.Element ? place : State($"{place.Name}.master", gradient.Type, parameter);
        var states = _options.Optimizer.States.Select(kind => State($"{place.Name}.{kind}", gradient.Type)).ToArray();
        var next = _options.Optimizer.Apply(_writer, context, master.Input, gradient, [.. states.Select(s => s.Input)]);
        Set(master, next[0], applies);
        if (!ReferenceEquals(master, place))
        {
            Set(place, _writer.As(_outputs[master.Output], parameter.Type.Element));
        }

        for (var i = 0; i < states.Length; i++)
        {
            Set(states[i], next[1 + i], applies);
        }
    }

    /// <summary>The mean over the batches since the last step, where this is the last of them.</summary>
    private Value Accumulated(Value parameter, Value gradient, Value applies)
    {
        gradient = _writer.As(gradient, OpWriter.Wide(gradient.Type.Element));
        var sum = State($"{parameter.Name}.gradient", gradient.Type);
        var next = _writer.Plus(sum.Input, gradient);
        Set(sum, _writer.Choose(applies, 0, next));
        return _writer.Times(next, 1.0 / _options.AccumulationSteps);
    }

    /// <summary>Gradients scaled so that their norm is at most a number, as most trainers do it: by <c>most / (norm + 1e-6)</c> where that is below 1.</summary>
    private Value[] Clipped(Value[] gradients, double most)
    {
        const double Tiny = 1e-6;
        Value? total = null;
        foreach (var gradient in gradients)
        {
            // The last axis first: its lines are summed side by side.
            var square = _writer.Square(gradient);
            var lines = gradient.Type.Rank > 1 ? _writer.Sum(square, gradient.Type.Rank - 1) : square;
            var sum = _writer.As(_writer.Total(lines), ElementType.Float32);
            total = total is null ? sum : _writer.Plus(total, sum);
        }

        var norm = _writer.Emit(new Sqrt(), total!);
        _outputs.Add(norm);
        _names.Add(GradientNorm);
        var factor = _writer.Emit(new Min(), _writer.Over(most, _writer.Plus(norm, Tiny)), _writer.Scalar(ElementType.Float32, 1));
        return [.. gradients.Select(g => _writer.Times(g, _writer.As(factor, g.Type.Element)))];
    }

    private TrainingState State(string name, TensorType type, Value? parameter = null)
    {
        name = Prefix + name;
        return Reserve(name, _writer.Builder.Input(type, name), parameter);
    }

    /// <summary>A place among the outputs that <see cref="Set"/> fills.</summary>
    private TrainingState Reserve(string name, Value input, Value? parameter)
    {
        var state = new TrainingState(name, input, _outputs.Count, parameter);
        _states.Add(state);
        _outputs.Add(input);
        _names.Add(name);
        return state;
    }

    /// <summary>Gives a state its next content; with a condition, where it holds.</summary>
    private void Set(TrainingState state, Value next, Value? applies = null) =>
        _outputs[state.Output] = applies is null ? next : _writer.Choose(applies, next, state.Input);
}
