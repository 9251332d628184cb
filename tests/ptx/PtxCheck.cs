namespace Dlc.Ptx;

/// <summary>What a kernel can do wrong.</summary>
public enum PtxCheck
{
    /// <summary>An address outside every allocation, or in one that may not be written.</summary>
    OutOfBounds,

    /// <summary>An address that is no multiple of the bytes accessed.</summary>
    Misaligned,

    /// <summary>Memory read that nobody has written, or a decision or address made of a register that nobody has written.</summary>
    Uninitialised,

    /// <summary>Two threads access the same bytes, one of them writes, and nothing orders them.</summary>
    Race,

    /// <summary>Threads that should meet at a barrier or at an instruction of the whole warp do not.</summary>
    Divergence,

    /// <summary>More instructions than the launch may take.</summary>
    Budget,

    /// <summary>The kernel executed <c>trap</c>.</summary>
    Trap,

    /// <summary>The launch itself is not possible: arguments, block size, shared memory.</summary>
    Launch,
}
