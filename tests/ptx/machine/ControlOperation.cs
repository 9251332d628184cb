namespace Dlc.Ptx.Machine;

/// <summary>An instruction that decides where lanes go on, or that lanes meet at; the warp knows what to do.</summary>
internal abstract class ControlOperation : Operation
{
    /// <inheritdoc/>
    public override OperationForm Form => OperationForm.Control;

    /// <inheritdoc/>
    public override void Run(Warp warp, uint mask) => throw new InvalidOperationException("the warp runs control itself");
}

/// <summary>Goes to a place in the program.</summary>
internal sealed class BranchOperation : ControlOperation
{
    /// <summary>The place.</summary>
    public int Target { get; set; }
}

/// <summary>Goes to one of several places.</summary>
internal sealed class BranchTableOperation(int selector) : ControlOperation
{
    /// <summary>The slot of the number of the target.</summary>
    public int Selector { get; } = selector;

    /// <summary>The places.</summary>
    public int[] Targets { get; set; } = [];
}

/// <summary>Ends the lanes.</summary>
internal sealed class ExitOperation : ControlOperation;

/// <summary>Stops the launch.</summary>
internal sealed class TrapOperation : ControlOperation;

/// <summary>Waits for threads of the block.</summary>
/// <param name="barrier">The slot of the barrier's number.</param>
/// <param name="threads">The slot of the number of threads that meet; -1 for all of the block.</param>
internal sealed class BarrierOperation(int barrier, int threads, bool aligned, bool waits) : ControlOperation
{
    /// <summary>The slot of the barrier's number.</summary>
    public int Barrier { get; } = barrier;

    /// <summary>The slot of the number of threads; -1 for all.</summary>
    public int Threads { get; } = threads;

    /// <summary>Whether all lanes of a warp must come together.</summary>
    public bool IsAligned { get; } = aligned;

    /// <summary>Whether it waits, rather than only says that it was here.</summary>
    public bool Waits { get; } = waits;
}

/// <summary>Runs when all lanes that it names have come.</summary>
/// <param name="members">The slot of the mask of lanes; -1 for the whole warp.</param>
internal abstract class MeetingOperation(int members) : Operation
{
    /// <summary>The slot of the mask of lanes; -1 for the whole warp.</summary>
    public int Members { get; } = members;

    /// <inheritdoc/>
    public override OperationForm Form => OperationForm.Meeting;
}
