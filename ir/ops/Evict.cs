namespace Dlc.IR.Ops;

/// <summary>
/// From here to its <see cref="Regenerate"/> a value may leave memory. An identity: whether it leaves is decided at run time, when sizes are numbers
/// and a limit is known (BladeDISC++, arXiv 2412.16985).
/// </summary>
public sealed record Evict : Op
{
    public override bool IsPure => false;

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        c.Output(c.Input(0));
    }

    public override void Evaluate(EvaluateContext c) => c.SetOutput(0, c.Input(0));
}
