using System.Text.Json;
using Dlc.IR.Diagnostics;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Training;

/// <summary>What an executable says about the training step that it is: kept among its properties, as JSON.</summary>
internal sealed record TrainingInfo
{
    /// <summary>The key of the property.</summary>
    public const string Property = "training";

    /// <summary>Name of the output with the loss.</summary>
    public required string Loss { get; init; }

    /// <summary>Name of the input with the labels, where the loss is a cross-entropy.</summary>
    public string? Labels { get; init; }

    /// <summary>The optimizer with its numbers, as options write it.</summary>
    public required string Optimizer { get; init; }

    /// <summary>The learning rate of a step that is given none.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Batches to a step.</summary>
    public required int AccumulationSteps { get; init; }

    /// <summary>What lives from step to step; each is an input and an output of its name.</summary>
    public required IReadOnlyList<Entry> States { get; init; }

    /// <summary>Reads it from an executable.</summary>
    /// <exception cref="DlcException">The executable is no training step.</exception>
    public static TrainingInfo Of(ExecutableModel model)
    {
        var text = model.Properties.FirstOrDefault(p => p.Key == Property).Value ?? throw new DlcException(
            ErrorCodes.BadOption, $"'{model.Name}' was not compiled for training: use dlc compile --train");
        try
        {
            return JsonSerializer.Deserialize<TrainingInfo>(text)!;
        }
        catch (JsonException e)
        {
            throw new DlcException(ErrorCodes.BadFile, $"what '{model.Name}' says about training cannot be read: {e.Message}");
        }
    }

    public override string ToString() => JsonSerializer.Serialize(this);

    /// <summary>A state.</summary>
    /// <param name="Name">Name of its input, its output and its tensor in checkpoints.</param>
    /// <param name="Parameter">The parameter that it is or is a copy of; null for one that starts with zeros.</param>
    /// <param name="Constant">Index of the executable's constant with the initial value of the parameter; -1 where there is none.</param>
    internal sealed record Entry(string Name, string? Parameter, int Constant)
    {
        /// <summary>Whether it is a parameter itself.</summary>
        public bool IsParameter => Parameter == Name;
    }
}
