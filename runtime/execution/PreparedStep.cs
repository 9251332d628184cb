using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>A step made ready to run: entry points instead of offsets, bind points instead of their descriptions.</summary>
internal abstract class PreparedStep(Step source, StepKind kind)
{
    public Step Source { get; } = source;

    public StepKind Kind { get; } = kind;

    /// <summary>Index among all steps, as they stand in the executable.</summary>
    public int Index { get; set; }
}
