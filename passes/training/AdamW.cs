using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Training;

/// <summary>
/// Adam with decoupled weight decay (arXiv 1711.05101): running means m of the gradient and v of its square, both corrected for their start at 0; the step is
/// <c>p*(1 - rate*WeightDecay) - rate * m' / (sqrt(v') + Epsilon)</c>.
/// </summary>
public sealed record AdamW : Optimizer
{
    public AdamW() => WeightDecay = 0.01;

    /// <summary>The share of the mean gradient that lives on.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The share of the mean square that lives on.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Keeps the divisor from 0.</summary>
    public double Epsilon { get; init; } = 1e-8;

    public override string Name => "adamw";

    public override IReadOnlyList<string> States => ["mean", "square"];

    public override Value[] Apply(OpWriter writer, StepContext step, Value parameter, Value gradient, IReadOnlyList<Value> states)
    {
        var element = parameter.Type.Element;
        var mean = writer.Plus(writer.Times(states[0], Beta1), writer.Times(gradient, 1 - Beta1));
        var square = writer.Plus(writer.Times(states[1], Beta2), writer.Times(writer.Square(gradient), 1 - Beta2));

        // The corrections are scalars: one for the rate, one for the root.
        var rate = writer.Over(step.LearningRate, writer.As(step.Correction(writer, Beta1), element));
        var root = writer.As(writer.Emit(new Sqrt(), step.Correction(writer, Beta2)), element);
        var divisor = writer.Plus(writer.Over(writer.Emit(new Sqrt(), square), root), Epsilon);
        var kept = WeightDecay == 0 ? parameter : writer.Times(parameter, writer.Minus(1, writer.Times(step.LearningRate, WeightDecay)));
        return [writer.Minus(kept, writer.Times(writer.Over(mean, divisor), rate)), mean, square];
    }
}
