namespace Dlc.Passes;

/// <summary>How a <see cref="PassManager"/> watches the passes.</summary>
public sealed record PassManagerOptions
{
    /// <summary>A folder for one numbered file a pass that changed something; null for none.</summary>
    public string? DumpDirectory { get; init; }

    /// <summary>Stop when the pass or group of this name has run for the last time; null to run all.</summary>
    public string? After { get; init; }

    /// <summary>Check the main graph after each pass that changed something.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Called with the name of each pass before it runs.</summary>
    public Action<string>? Progress { get; init; }
}
