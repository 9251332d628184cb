using Dlc.IR;

namespace Dlc.Passes;

/// <summary>How a <see cref="PassManager"/> watches the passes.</summary>
public sealed record PassManagerOptions
{
    /// <summary>A folder for one numbered file a pass that changed something; null for none.</summary>
    public string? DumpDirectory { get; init; }

    /// <summary>Stop when the pass or group of this name has run for the last time; null to run all.</summary>
    public string? After { get; init; }

    /// <summary>Called on the main graph after each pass that changed something; throws when the graph is broken.</summary>
    public Action<Graph>? Verify { get; init; }

    /// <summary>The text of a graph for dumps; without it the nodes are listed.</summary>
    public Func<Graph, string>? Print { get; init; }

    /// <summary>Called with the name of each pass before it runs.</summary>
    public Action<string>? Progress { get; init; }
}
