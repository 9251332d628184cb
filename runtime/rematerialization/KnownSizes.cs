using Dlc.Runtime.Execution;

namespace Dlc.Runtime.Rematerialization;

/// <summary>What is known of sizes at some moment: of the entry alone, or of what data decided too.</summary>
internal sealed class KnownSizes
{
    /// <summary>By bind point: whether the sizes of its items are known.</summary>
    public required bool[] IsKnown { get; init; }

    /// <summary>By item of all bind points: bytes; 0 while not known.</summary>
    public required long[] Items { get; init; }

    /// <summary>By number of a block of a loop: bytes.</summary>
    public required long[] Blocks { get; init; }

    /// <summary>By value of the executable: bytes.</summary>
    public required long[] Bytes { get; init; }

    /// <summary>By slot.</summary>
    public required long[] Slots { get; init; }

    /// <summary>What the entry tells.</summary>
    public static KnownSizes OfEntry(PreparedModel model, long[] sizes, long[] slots, long[] bytes)
    {
        var isKnown = new bool[model.Points.Length];
        isKnown[0] = true;
        var items = new long[model.Points.Sum(p => p.Items.Length)];
        sizes.CopyTo(items, 0);
        return new KnownSizes { IsKnown = isKnown, Items = items, Blocks = new long[StepRoom.BlockCount(model)], Bytes = bytes, Slots = slots };
    }

    /// <summary>What an earlier run found beside what the entry of this one tells.</summary>
    public KnownSizes With(KnownSizes learned) => new()
    {
        IsKnown = learned.IsKnown,
        Items = [.. Items.Select((bytes, i) => bytes > 0 ? bytes : learned.Items[i])],
        Blocks = learned.Blocks,
        Bytes = [.. Bytes.Select((bytes, v) => bytes > 0 ? bytes : learned.Bytes[v])],
        Slots = [.. Slots.Select((slot, s) => slot != 0 ? slot : learned.Slots[s])],
    };

    /// <summary>Room for both.</summary>
    public KnownSizes Largest(KnownSizes other) => new()
    {
        IsKnown = [.. IsKnown.Select((known, p) => known || other.IsKnown[p])],
        Items = [.. Items.Select((bytes, i) => Math.Max(bytes, other.Items[i]))],
        Blocks = [.. Blocks.Select((bytes, b) => Math.Max(bytes, other.Blocks[b]))],
        Bytes = [.. Bytes.Select((bytes, v) => Math.Max(bytes, other.Bytes[v]))],
        Slots = [.. Slots.Select((slot, s) => Math.Max(slot, other.Slots[s]))],
    };

    /// <summary>Whether it is at most as much as another, in all.</summary>
    public bool IsWithin(KnownSizes other) =>
        IsWithin(Items, other.Items) && IsWithin(Blocks, other.Blocks) && IsWithin(Bytes, other.Bytes);

    private static bool IsWithin(long[] sizes, long[] others)
    {
        for (int i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] > others[i])
            {
                return false;
            }
        }

        return true;
    }
}
