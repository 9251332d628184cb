namespace Dlc.Runtime.Rematerialization;

/// <summary>What an action of a plan does.</summary>
internal enum ActionKind : byte
{
    /// <summary>Runs a step of the program, once and in order.</summary>
    Launch,

    /// <summary>Runs a step again to bring back what it wrote.</summary>
    Recompute,

    /// <summary>Copies a value to memory outside the arena.</summary>
    Offload,

    /// <summary>Copies a value back into the arena.</summary>
    Reload,
}
