using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Training;

/// <summary>
/// Gradient descent: <c>p - rate*d</c>, where d is the gradient plus <c>WeightDecay*p</c>, or with momentum the velocity <c>v = Momentum*v + d</c>
/// (with Nesterov's correction <c>d + Momentum*v</c>).
/// </summary>
public sealed record Sgd : Optimizer
{
    /// <summary>The share of the velocity that lives on; 0 for none, and then no state is kept.</summary>
    public double Momentum { get; init; }

    /// <summary>Looks ahead along the velocity.</summary>
    public bool Nesterov { get; init; }

    public override string Name => "sgd";

    public override IReadOnlyList<string> States => Momentum == 0 ? [] : ["velocity"];

    public override Value[] Apply(OpWriter writer, StepContext step, Value parameter, Value gradient, IReadOnlyList<Value> states)
    {
        var direction = WeightDecay == 0 ? gradient : writer.Plus(gradient, writer.Times(parameter, WeightDecay));
        if (Momentum == 0)
        {
            return [writer.Minus(parameter, writer.Times(direction, step.LearningRate))];
        }

        var velocity = writer.Plus(writer.Times(states[0], Momentum), direction);
        var move = Nesterov ? writer.Plus(direction, writer.Times(velocity, Momentum)) : velocity;
        return [writer.Minus(parameter, writer.Times(move, step.LearningRate)), velocity];
    }
}
