using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Brings back, where it left, what <see cref="Evict"/> let go: by a copy from outside the device, or by running again what computed it. An identity.
/// </summary>
/// <param name="Bytes">What its leaving saves in between.</param>
/// <param name="Recomputed">Nodes of the smallest subgraph that computes it from what is there anyway; 0 where there is none.</param>
public sealed record Regenerate(Dim Bytes, long Recomputed) : Op
{
    public override bool IsPure => false;

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        if (c.InputValue(0).Producer?.Op is not Evict)
        {
            throw c.Error("brings back what an Evict let go, but reads something else");
        }

        c.Output(c.Input(0));
    }

    public override void Evaluate(EvaluateContext c) => c.SetOutput(0, c.Input(0));
}
