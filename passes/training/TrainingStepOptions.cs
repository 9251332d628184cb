namespace Dlc.Passes.Training;

/// <summary>What a training step does besides computing gradients.</summary>
public sealed record TrainingStepOptions
{
    public Optimizer Optimizer { get; init; } = new AdamW();

    /// <summary>The norm of all gradients together that they are scaled down to where it is larger; null for no clipping.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>Batches whose gradients are averaged before the parameters move; at least 1.</summary>
    public int AccumulationSteps { get; init; } = 1;
}
