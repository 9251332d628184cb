using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Execution;

/// <summary>Everything that follows from the input dims alone: slots, sizes and offsets. Immutable and shared by all contexts of a session.</summary>
internal sealed class SignaturePlan
{
    /// <summary>Dims of all inputs, one after the other.</summary>
    public required long[] Key { get; init; }

    public required ulong Hash { get; init; }

    /// <summary>All slots as they stand after the entry; those of later bind points are 0.</summary>
    public required long[] Slots { get; init; }

    /// <summary>Bytes of each value known at the entry.</summary>
    public required long[] Bytes { get; init; }

    /// <summary>Bytes of the entry's planned items.</summary>
    public required long[] Sizes { get; init; }

    /// <summary>Index of <see cref="Order"/> among those of the model.</summary>
    public required int OrderNumber { get; init; }

    /// <summary>The order in which the steps run.</summary>
    public required PreparedOrder Order { get; init; }

    /// <summary>Where the entry's planned items lie.</summary>
    public required ArenaPlan Arena { get; init; }

    /// <summary>How the run stays within its limit; null where it does anyway.</summary>
    public Rematerialization.LimitedPlan? Limited { get; init; }

    /// <summary>What it has room for that data decides; null where it knows of nothing.</summary>
    public Rematerialization.KnownSizes? Expected { get; init; }

    /// <summary>What there is no room for from the start; null where that was not tried.</summary>
    public Rematerialization.KnownSizes? Refused { get; init; }

    /// <summary>Bytes of weights, inputs and those outputs whose sizes are known.</summary>
    public required long OutsideBytes { get; init; }

    /// <summary>What a run found that did not fit: the next one plans with it from its start.</summary>
    public Rematerialization.KnownSizes? Learned { get; set; }

    /// <summary>What lies where in the arena, by places of the order.</summary>
    public required PlacedBuffer[] Occupied { get; init; }

    /// <summary>Whether it goes by measured costs.</summary>
    public bool IsCalibrated { get; init; }

    /// <summary>What is done, in order, unless there is a <see cref="Limited"/> plan.</summary>
    public PreparedStep[] Actions => Order.Main;

    /// <summary>Bytes of the arena.</summary>
    public long ArenaBytes => Limited?.ArenaBytes ?? Arena.Bytes;

    /// <summary>When the cache last handed it out.</summary>
    public long LastUse { get; set; }

    /// <summary>Next plan of the same hash.</summary>
    public SignaturePlan? Next { get; set; }
}
