using Dlc.IR;

namespace Dlc.Passes.Training;

/// <summary>A tensor that lives from step to step.</summary>
/// <param name="Name">Name of its input and, in checkpoints, its own: a parameter's is the model's, others are <c>PARAMETER.KIND</c> behind <c>optimizer.</c>.</param>
/// <param name="Input">The input that takes it.</param>
/// <param name="Output">The position among the outputs that gives its next content.</param>
/// <param name="Parameter">The parameter that it is (the master copy of), whose initial value it starts with; null for a state that starts with zeros.</param>
public sealed record TrainingState(string Name, Value Input, int Output, Value? Parameter);
