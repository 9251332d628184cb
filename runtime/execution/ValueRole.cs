namespace Dlc.Runtime.Execution;

/// <summary>How a value gets its address.</summary>
internal enum ValueRole : byte
{
    /// <summary>Nothing mentions it: it never gets one.</summary>
    Unused,
    Input,
    Output,
    Constant,
    Alias,

    /// <summary>An offset in the block of the bind point where its size becomes known.</summary>
    Planned,

    /// <summary>What a loop body reads: the loop points it at the buffer of the last iteration.</summary>
    CarriedIn,

    /// <summary>What a loop body leaves: it is computed right in the buffer that the next iteration reads.</summary>
    CarriedOut,
}
