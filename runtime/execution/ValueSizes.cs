using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>Sizes of values from the slots of their dims.</summary>
internal static unsafe class ValueSizes
{
    /// <summary>Bytes of a value.</summary>
    /// <exception cref="DlcRuntimeException">NegativeDim or DimOverflow.</exception>
    public static long Of(ExecutableModel model, int value, long* slots)
    {
        var info = model.Values[value];
        long bytes = info.Type.SizeOf();
        bool empty = false;
        foreach (int slot in info.Dims)
        {
            long dim = slots[slot];
            if (dim < 0)
            {
                throw new DlcRuntimeException(
                    RuntimeErrors.NegativeDim, $"a dim of '{info.Name}' comes out negative: {model.SlotNames[slot]}", "0 or more", $"{dim}");
            }

            empty |= dim == 0;
        }

        if (empty)
        {
            return 0;
        }

        foreach (int slot in info.Dims)
        {
            if (Math.BigMul(bytes, slots[slot], out bytes) != 0 || bytes < 0)
            {
                throw new DlcRuntimeException(
                    RuntimeErrors.DimOverflow,
                    $"the size of '{info.Name}' can't be counted",
                    "less than 2^63 bytes",
                    $"dims [{string.Join(',', DimsOf(info, slots))}]");
            }
        }

        return bytes;
    }

    /// <summary>Bytes of what gets a place in a block.</summary>
    public static long Of(PreparedModel model, PlannedItem item, long* slots, int threads) =>
        item.Step >= 0 ? LaunchShape.Of((PreparedLaunch)model.Steps[item.Step], slots, threads).ScratchBytes : Of(model.Model, item.Value, slots);

    /// <summary>The error for sums beyond 63 bits.</summary>
    public static DlcRuntimeException TooLarge() => new(
        RuntimeErrors.DimOverflow, "the memory for these dims can't be counted", "less than 2^63 bytes", "more");

    private static long[] DimsOf(ValueInfo info, long* slots)
    {
        var dims = new long[info.Dims.Length];
        for (int a = 0; a < dims.Length; a++)
        {
            dims[a] = slots[info.Dims[a]];
        }

        return dims;
    }
}
