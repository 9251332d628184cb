using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Training;

/// <summary>What the steps of all parameters share.</summary>
/// <param name="LearningRate">A scalar of the type that the step is computed in.</param>
/// <param name="Count">How many steps have been taken with this one, an i64 scalar from 1 on.</param>
public sealed record StepContext(Value LearningRate, Value Count)
{
    private readonly Dictionary<double, Value> _corrections = [];

    /// <summary><c>1 - beta^count</c>: what an average of this decay that began at 0 falls short by. Computed in f64, where the difference keeps its digits.</summary>
    public Value Correction(OpWriter writer, double beta)
    {
        if (!_corrections.TryGetValue(beta, out var correction))
        {
            var power = writer.Emit(new Pow(), writer.Scalar(ElementType.Float64, beta), writer.As(Count, ElementType.Float64));
            _corrections[beta] = correction = writer.Minus(1, power);
        }

        return correction;
    }
}
