namespace Dlc.Runtime.Format;

/// <summary>
/// Calls a kernel: <c>int kernel(void* const* buffers, const int64_t* dims, void* scratch, int64_t begin, int64_t end)</c>, which
/// returns 0, or 1 + the index of the message of a failed check.
/// </summary>
public sealed class LaunchStep : Step
{
    /// <summary>Values whose addresses are passed, in the kernel's order, read and written alike.</summary>
    public required int[] Buffers { get; init; }

    /// <summary>Positions in <see cref="Buffers"/> of the values that the kernel writes, ascending; it only reads the others.</summary>
    public int[] Writes { get; init; } = [];

    /// <summary>Which written values may lie in the memory of which read ones.</summary>
    public InPlaceBuffers[] InPlace { get; init; } = [];

    /// <summary>Slots whose numbers are passed, in the kernel's order.</summary>
    public required int[] Dims { get; init; }

    /// <summary>At least one; see <see cref="KernelVariant"/>.</summary>
    public required KernelVariant[] Variants { get; init; }

    /// <summary>Messages of the kernel's checks.</summary>
    public string[] Messages { get; init; } = [];

    /// <summary>Slot with the number of scalar operations, an estimate for planning; -1 for none.</summary>
    public int FlopsSlot { get; init; } = -1;

    /// <summary>Slot with the bytes read from and written to memory, an estimate for planning; -1 for none.</summary>
    public int TrafficSlot { get; init; } = -1;
}
