namespace Dlc.Runtime.Execution;

/// <summary>What a plan made in the middle of a run has room for beside what is known there.</summary>
internal enum Foresight
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>What this run met in an earlier iteration, or an earlier run found.</summary>
    Met,

    /// <summary>That, and growth by a sixteenth.</summary>
    Sixteenth,

    /// <summary>That, and growth by a half.</summary>
    Half,
}
