namespace Dlc.Runtime.Rematerialization;

/// <summary>What becomes of a value between two steps that touch it.</summary>
internal enum EvictionMode : byte
{
    /// <summary>It stays.</summary>
    Keep,

    /// <summary>It goes, is computed again where something first needs it, and stays from then on.</summary>
    Recompute,

    /// <summary>It goes, and whenever a recomputation needs it, it is computed again and goes again.</summary>
    RecomputeEachTime,

    /// <summary>It goes to memory outside, returns where something first needs it, and stays from then on.</summary>
    Offload,

    /// <summary>It goes to memory outside and returns for a short time whenever something needs it.</summary>
    OffloadEachTime,

    /// <summary>After its last use it stays as long as recomputations of others read it.</summary>
    Retain,
}
