namespace Dlc.Runtime.Rematerialization;

/// <summary>Sizes and costs of one signature.</summary>
internal sealed class StepNumbers
{
    /// <summary>By value: bytes in the arena, rounded as the arena rounds them; 0 for what takes no room.</summary>
    public required long[] Bytes { get; init; }

    /// <summary>By step: estimated seconds.</summary>
    public required double[] Seconds { get; init; }

    /// <summary>Bytes a second from the arena to memory outside, and back.</summary>
    public required double TransferRate { get; init; }

    /// <summary>Whether values may be written over what they are made of.</summary>
    public bool InPlace { get; init; } = true;

    /// <summary>By step: the pairs of <see cref="StepTopology.InPlace"/> whose sizes allow it; null for all.</summary>
    public (int Written, int Read)[][]? Pairs { get; init; }

    /// <summary>Whether the plan of least memory counts, at any cost.</summary>
    public bool GoesToTheLast { get; init; }

    /// <summary>Where the run stands; null before its first step.</summary>
    public RunStart? Start { get; init; }

    /// <summary>Seconds of moving a value one way.</summary>
    public double TransferSeconds(int value) => Bytes[value] / TransferRate;
}
