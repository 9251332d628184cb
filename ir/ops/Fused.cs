namespace Dlc.IR.Ops;

/// <summary>
/// Several nodes that become one kernel. The region's inputs are the node's inputs in order, its outputs the node's outputs; it reads nothing
/// else from outside.
/// </summary>
public sealed record Fused(FusionKind Kind) : Op
{
    public override void Infer(InferContext c)
    {
        if (c.Regions.Length != 1 || c.Regions[0].Inputs.Length != c.InputCount)
        {
            throw c.Error($"expects one region with {c.InputCount} inputs");
        }

        foreach (var output in c.Regions[0].Outputs)
        {
            c.Output(output.Type);
        }
    }

    /// <summary>Evaluated through its region, by whoever evaluates graphs.</summary>
    public override void Evaluate(EvaluateContext c) =>
        throw new InvalidOperationException("a fused group is evaluated through its region");
}
