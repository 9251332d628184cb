using System.Collections.Immutable;
using Dlc.Passes.Fusion;
using Dlc.Passes.Rematerialization;
using Dlc.Passes.Scheduling;
using Dlc.Passes.Simplify;

namespace Dlc.Passes;

/// <summary>The passes in the order in which they run, with the reason for the order.</summary>
public static class Pipeline
{
    /// <summary>All passes from the imported graph to the one that is lowered.</summary>
    public static ImmutableArray<PassGroup> Create() => [Simplify(), Fuse(), Schedule(), Rematerialize()];

    /// <summary>Makes the graph smaller and more regular, until nothing changes.</summary>
    public static PassGroup Simplify() => new(
        "simplify",
        [
            // First, so that the others do not work on what nobody reads.
            new RemoveDeadCode(),

            // The importer's guards make sizes equal; what follows compares types.
            new SimplifyDims(),

            // Constants before identities: those look at constant operands.
            new FoldConstants(),
            new SimplifySelections(),
            new DecideBranches(),

            // Broadcasts hide constant operands from the identities.
            new RemoveBroadcasts(),
            new SimplifyArithmetic(),
            new MergeViews(),

            // After the identities have brought products by constants to the right.
            new FoldScaleIntoWeights(),

            // Last: the others make equal nodes.
            new MergeEqualNodes(),
        ],
        MaximalRounds: 8);

    /// <summary>Gathers nodes into kernels.</summary>
    /// <param name="keepsResults">Keep all that the backward pass of a training step reads, to see what it is worth to compute it again.</param>
    public static PassGroup Fuse(bool keepsResults = false) => new(
        "fuse",
        [
            // First: what is computed again where it is read late is what the others find.
            .. keepsResults ? Array.Empty<Pass>() : [new RepeatCheapWork()],

            // Before products go their own ways; formed where the scores have no other reader, copies for the backward pass included.
            new FuseAttention(),

            // Contractions take what follows them first: elsewhere it would cost a pass over memory.
            new FuseEpilogues(),

            // Reductions before loops: a softmax is worth more whole than its elementwise halves.
            new FuseReductions(),
            new FuseLoops(),

            // Fusion copies cheap producers into their readers.
            new RemoveDeadCode(),
        ]);

    /// <summary>Chooses the order of execution.</summary>
    public static PassGroup Schedule() => new(
        "schedule",
        [
            // After fusion, which decides what is in memory at all.
            new CheckSizes(),

            // Nothing after it may edit the graph without choosing again.
            new ScheduleNodes(),
        ]);

    /// <summary>Prepares what the runtime decides when a limit is set; after scheduling, since it depends on the order.</summary>
    public static PassGroup Rematerialize() => new("rematerialize", [new MarkEvictions()]);
}
