using System.Collections.Immutable;

namespace Dlc.Passes;

/// <summary>The passes in the order in which they run, with the reason for the order.</summary>
public static class Pipeline
{
    /// <summary>All passes from the imported graph to the one that is lowered.</summary>
    public static ImmutableArray<PassGroup> Create() => [Simplify()];

    /// <summary>Makes the graph smaller and more regular, until nothing changes.</summary>
    public static PassGroup Simplify() => new("simplify", [], MaximalRounds: 4);
}
