namespace Dlc.Ptx.Machine;

/// <summary>
/// How generic addresses are made: the upper bits say which space, or which allocation. Between any two allocations lie 4 GiB that belong to nobody, and the
/// address 0 belongs to nobody either.
/// </summary>
internal static class AddressSpace
{
    /// <summary>Added to an address in shared memory.</summary>
    public const ulong Shared = 1ul << 60;

    /// <summary>Added to an address in local memory.</summary>
    public const ulong Local = 2ul << 60;

    /// <summary>Added to an address among the arguments.</summary>
    public const ulong Parameter = 3ul << 60;

    /// <summary>Added to an address of a constant of the module.</summary>
    public const ulong Constant = 4ul << 60;

    /// <summary>The first address of the module's global variables.</summary>
    public const ulong ModuleGlobals = 1ul << 56;

    /// <summary>Bytes between the starts of two small allocations.</summary>
    public const int SlotShift = 32;

    /// <summary>The space of a generic address.</summary>
    public static Space SpaceOf(ulong address) => (address >> 60) switch
    {
        1 => Space.Shared,
        2 => Space.Local,
        3 => Space.Parameter,
        4 => Space.Constant,
        _ => Space.Global,
    };

    /// <summary>What is added to an address of a space to make it generic.</summary>
    public static ulong BaseOf(Space space) => space switch
    {
        Space.Shared => Shared,
        Space.Local => Local,
        Space.Parameter => Parameter,
        Space.Constant => Constant,
        _ => 0,
    };
}
