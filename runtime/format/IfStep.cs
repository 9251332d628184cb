namespace Dlc.Runtime.Format;

/// <summary>Runs one of two programs.</summary>
public sealed class IfStep : Step
{
    /// <summary>Value of one bool element.</summary>
    public required int Condition { get; init; }

    /// <summary>Index in <see cref="ExecutableModel.Programs"/>.</summary>
    public required int ThenProgram { get; init; }

    /// <summary>Index in <see cref="ExecutableModel.Programs"/>.</summary>
    public required int ElseProgram { get; init; }

    public BranchResult[] Results { get; init; } = [];

    /// <summary>Runs after the branch, when the slots of the results are defined.</summary>
    public BindPoint Exit { get; init; } = new();
}
