namespace Dlc.Ptx.Machine;

/// <summary>State spaces of PTX.</summary>
internal enum Space
{
    /// <summary>Found out from the address.</summary>
    Generic,

    /// <summary>Device memory.</summary>
    Global,

    /// <summary>The block's memory.</summary>
    Shared,

    /// <summary>The thread's memory.</summary>
    Local,

    /// <summary>Constants of the module.</summary>
    Constant,

    /// <summary>The kernel's arguments.</summary>
    Parameter,
}
