namespace Dlc.Passes.Memory;

/// <summary>Whose memory a value is in.</summary>
public enum ValuePlace : byte
{
    /// <summary>Given from outside of the graph: an input, or a value of a graph around it.</summary>
    Given,

    /// <summary>Bytes in the executable.</summary>
    Constant,

    /// <summary>Memory of its own in the arena, from the node that makes it to the last one that touches it.</summary>
    Arena,

    /// <summary>Memory of the graph's output, which lies outside of the arena.</summary>
    Output,

    /// <summary>Part of another value's memory: of <see cref="MemoryModel.RootOf"/>.</summary>
    View,
}
