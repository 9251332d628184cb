namespace Dlc.Runtime.Rematerialization;

/// <summary>One action of an <see cref="ActionPlan"/>.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Subject">The step that runs, or the value that moves.</param>
/// <param name="Serves">The step of the program for which it is done; itself for a launch.</param>
internal readonly record struct PlanAction(ActionKind Kind, int Subject, int Serves);
