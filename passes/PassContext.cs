using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Passes;

/// <summary>What passes know besides the graph, and where they say what they are at.</summary>
public sealed class PassContext(MachineModel machine)
{
    /// <summary>The processor that the graph is compiled for.</summary>
    public MachineModel Machine { get; } = machine;

    /// <summary>Most bytes that constant folding may make of one node; a constant no larger than its inputs together is always fine.</summary>
    public long MaximalFoldedBytes { get; init; } = 1 << 16;

    /// <summary>Whether values may leave memory under a limit: puts the places into the graph.</summary>
    public bool MarksEvictions { get; init; }

    /// <summary>The node that the pass is looking at; named when something unexpected happens.</summary>
    public Node? Current { get; set; }
}
