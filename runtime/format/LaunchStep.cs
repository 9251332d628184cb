namespace Dlc.Runtime.Format;

/// <summary>
/// Calls a kernel: <c>int kernel(void* const* buffers, const int64_t* dims, void* scratch, int64_t begin, int64_t end)</c>, which
/// returns 0, or 1 + the index of the message of a failed check.
/// </summary>
public sealed class LaunchStep : Step
{
    /// <summary>Values whose addresses are passed, in the kernel's order, read and written alike.</summary>
    public required int[] Buffers { get; init; }

    /// <summary>Slots whose numbers are passed, in the kernel's order.</summary>
    public required int[] Dims { get; init; }

    /// <summary>At least one; see <see cref="KernelVariant"/>.</summary>
    public required KernelVariant[] Variants { get; init; }

    /// <summary>Messages of the kernel's checks.</summary>
    public string[] Messages { get; init; } = [];
}
