using Dlc.Passes.Training;

namespace Dlc.Compiler;

/// <summary>How a model is compiled for training.</summary>
public sealed record TrainingOptions
{
    /// <summary>
    /// What is made small: the name of an output of one element, or <c>cross-entropy(LOGITS,LABELS)</c> of an output <c>[..., classes]</c> and an input of
    /// integer labels <c>[...]</c>, which is added where the model has none of that name. Labels of -100 do not count.
    /// </summary>
    public required string Loss { get; init; }

    /// <summary>The rule by which parameters move.</summary>
    public Optimizer Optimizer { get; init; } = new AdamW();

    /// <summary>Patterns (<c>*</c>, <c>?</c>) of initializers that stay as they are.</summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>Patterns of initializers that are parameters though they do not look like weights: a temperature, a scale of one number.</summary>
    public IReadOnlyList<string> Unfreeze { get; init; } = [];

    /// <summary>The norm that all gradients together are scaled down to where it is larger; null for no clipping.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>Batches whose gradients are averaged before the parameters move.</summary>
    public int AccumulationSteps { get; init; } = 1;
}
