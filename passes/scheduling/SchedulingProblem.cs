using System.Collections.Immutable;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Scheduling;

/// <summary>
/// What an order of execution decides about memory, apart from any graph: steps with what must run before them, and the buffers that they fill and
/// read, with symbolic sizes. A buffer takes its bytes from the first step that writes it to the last one that mentions it, both included.
/// </summary>
public sealed class SchedulingProblem
{
    /// <summary>Creates a problem whose steps can run in the order in which they are listed.</summary>
    /// <exception cref="ArgumentException">A step comes after itself or a later one, or an index is out of range.</exception>
    public SchedulingProblem(ImmutableArray<SchedulingStep> steps, ImmutableArray<SchedulingBuffer> buffers)
    {
        Steps = steps;
        Buffers = buffers;
        for (var i = 0; i < steps.Length; i++)
        {
            if (steps[i].After.Any(before => before < 0 || before >= i))
            {
                throw new ArgumentException($"step {i} should come after earlier ones only", nameof(steps));
            }
        }

        if (buffers.Any(b => b.Writers.Concat(b.Readers).Any(s => s < 0 || s >= steps.Length)))
        {
            throw new ArgumentException("a buffer mentions a step that is not there", nameof(buffers));
        }
    }

    /// <summary>In an order in which they can run.</summary>
    public ImmutableArray<SchedulingStep> Steps { get; }

    public ImmutableArray<SchedulingBuffer> Buffers { get; }
}
