namespace Dlc.Ptx.Machine;

/// <summary>Reads a counter that only grows: the instructions that the launch has executed.</summary>
internal sealed class ClockOperation(int result) : Operation
{
    /// <inheritdoc/>
    public override void Run(Warp warp, uint mask) => Exchange.Broadcast(warp, result, mask, (ulong)warp.Block.Statistics.WarpInstructions.Sum(), true);
}
