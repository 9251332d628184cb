using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Execution;

/// <summary>One order of the steps of a model, with what follows from it for memory.</summary>
internal sealed class PreparedOrder
{
    /// <summary>Steps of the main program as they run.</summary>
    public required PreparedStep[] Main { get; init; }

    /// <summary>All places of the order: each step, and where branches and iterations begin and end.</summary>
    public required PreparedPlace[] Places { get; init; }

    /// <summary>By bind point: first and last place, both inclusive, of each of its <see cref="PreparedPoint.Items"/>.</summary>
    public required LifetimeTable[] Lifetimes { get; init; }

    /// <summary>
    /// By bind point: items of which the second begins where the first ends and may be the same memory if it has as many bytes, by rising place.
    /// </summary>
    public required ItemPair[][] Pairs { get; init; }

    /// <summary>The steps as the planner of evictions sees them; made when a limit first needs it.</summary>
    public Rematerialization.ProgramTopology? Topology { get; set; }
}
