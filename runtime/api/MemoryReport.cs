namespace Dlc.Runtime;

/// <summary>
/// The memory of a run at given dims, worked out before anything is allocated: what <see cref="CompiledModel.MemoryFor(IReadOnlyDictionary{string, long}, MemoryQuery?)"/>
/// answers. Everything that is needed to check the plan is in it. A session allocates exactly these bytes for its arena.
/// </summary>
/// <remarks>
/// Values are called by names that are unique in the report. A name of <see cref="Buffers"/> stands for one allocation of the arena; values that share it,
/// because they are views of it or are written in place, go by that one name. Other names are inputs, weights, and outputs, which lie outside of the arena.
/// </remarks>
public sealed record MemoryReport
{
    /// <summary>The symbols of the model's inputs and their numbers, ordered by name.</summary>
    public required IReadOnlyList<KeyValuePair<string, long>> Dims { get; init; }

    /// <summary>Bytes of the arena.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>The largest sum of bytes over buffers alive at one step: no plan of these steps can do with less.</summary>
    public required long LowerBoundBytes { get; init; }

    /// <summary>The limit that it was planned under; null for none.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>Everything that a run holds: arena, weights, inputs and outputs. This is what a limit bounds.</summary>
    public long TotalBytes => PeakBytes + WeightBytes + InputBytes + OutputBytes;

    /// <summary>Bytes of copies outside of the arena of values that leave it for a while; 0 without a limit.</summary>
    public long HostBytes { get; init; }

    /// <summary>Estimated seconds of what is done twice or moved because of the limit.</summary>
    public double ExtraSeconds { get; init; }

    /// <summary>Bytes of the weights, which are in the executable and are no part of the arena.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Bytes of the inputs, in memory of the caller.</summary>
    public required long InputBytes { get; init; }

    /// <summary>Bytes of the outputs whose sizes follow from the dims, in memory of the caller or of the binding.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>Which of the orders of the steps was taken: 0 for the first.</summary>
    public required int Order { get; init; }

    /// <summary>What is there before step 0: inputs, state and weights.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>The allocations of the arena, by first step, then by offset.</summary>
    public required IReadOnlyList<MemoryBuffer> Buffers { get; init; }

    /// <summary>
    /// What happens, in order. The steps of both branches of an If are listed between its steps <c>if</c> and <c>end-if</c>, those of one
    /// iteration of a Loop between <c>iterate</c> and <c>repeat</c>.
    /// </summary>
    public required IReadOnlyList<MemoryStep> Steps { get; init; }

    /// <summary>
    /// Values whose sizes only the run will know, because data decides dims: they are no part of <see cref="PeakBytes"/>. Empty for a model without such
    /// dims.
    /// </summary>
    public required IReadOnlyList<string> Unknown { get; init; }
}
