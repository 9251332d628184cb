using System.Collections.Immutable;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Scheduling;

/// <summary>One unit of work.</summary>
/// <param name="After">The steps that must run before: those whose results it reads, and those that read what it overwrites.</param>
/// <param name="InPlace">Outputs that may take over the bytes of an input of the same size that this step is the last to mention.</param>
/// <param name="Transient">Bytes that exist only while the step runs: the largest of these.</param>
public sealed record SchedulingStep(ImmutableArray<int> After, ImmutableArray<BufferPair> InPlace, ImmutableArray<Dim> Transient)
{
    /// <summary>A step with dependencies alone.</summary>
    public SchedulingStep(ImmutableArray<int> after)
        : this(after, [], [])
    {
    }
}
