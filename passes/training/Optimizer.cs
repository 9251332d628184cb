using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Training;

/// <summary>How a parameter moves along its gradient: a rule of one step, written as operators.</summary>
public abstract record Optimizer
{
    /// <summary>The learning rate that a step takes where none is given.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>The share of a parameter that decays in a step, in units of the learning rate.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Name in options and checkpoints.</summary>
    public abstract string Name { get; }

    /// <summary>Names of the tensors that it keeps for each parameter, of the parameter's shape and 0 at the start.</summary>
    public abstract IReadOnlyList<string> States { get; }

    /// <summary>Appends one step.</summary>
    /// <param name="writer">Where the operators go.</param>
    /// <param name="step">What all parameters share.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="gradient">Its gradient, of its type.</param>
    /// <param name="states">Its states, in the order of <see cref="States"/>.</param>
    /// <returns>The next parameter, then the next states.</returns>
    public abstract Value[] Apply(OpWriter writer, StepContext step, Value parameter, Value gradient, IReadOnlyList<Value> states);
}
