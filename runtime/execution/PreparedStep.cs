using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>A step made ready to run: entry points instead of offsets, bind points instead of their descriptions.</summary>
internal abstract class PreparedStep(Step source, StepKind kind, int position)
{
    public Step Source { get; } = source;

    public StepKind Kind { get; } = kind;

    /// <summary>Position in the order of all steps.</summary>
    public int Position { get; } = position;

    /// <summary>Index among all steps, for the profile.</summary>
    public int Index { get; set; }
}
