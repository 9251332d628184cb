using Dlc.Runtime.Execution;
using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Rematerialization;

/// <summary>Where in the room of a branch or loop everything lies. Immutable.</summary>
internal sealed class RoomLayout
{
    private readonly Dictionary<int, long> _blocks = [];

    /// <summary>Places what is known.</summary>
    /// <param name="room">The room.</param>
    /// <param name="order">The order of the steps.</param>
    /// <param name="known">Sizes; what is not known gets no place.</param>
    /// <param name="inPlace">Whether results are written over what they are made of.</param>
    /// <exception cref="OverflowException">The sum does not fit into 64 bits.</exception>
    public RoomLayout(StepRoom room, PreparedOrder order, KnownSizes known, bool inPlace)
    {
        Room = room;
        Offsets = new long[room.Items.Count];
        var (starts, ends, bytes) = (new List<int>(), new List<int>(), new List<long>());
        var pieceOf = new int[room.Items.Count];
        for (int n = 0; n < room.Items.Count;)
        {
            int point = room.Items[n].Point;
            int end = n;
            while (end < room.Items.Count && room.Items[end].Point == point)
            {
                end++;
            }

            Join(n, end, order, known, inPlace, pieceOf, starts, ends, bytes);
            n = end;
        }

        foreach (var block in room.Blocks)
        {
            starts.Add(block.Start);
            ends.Add(block.End);
            bytes.Add(ArenaProblem.Round(known.Blocks[block.Number]));
        }

        var problem = new ArenaProblem { Start = [.. starts], End = [.. ends], Bytes = [.. bytes] };
        var offsets = new long[problem.Count];
        Bytes = ArenaPlanner.Plan(problem, offsets, ArenaPlanner.DefaultBudget / 8);
        for (int n = 0; n < Offsets.Length; n++)
        {
            Offsets[n] = offsets[pieceOf[n]];
        }

        for (int b = 0; b < room.Blocks.Length; b++)
        {
            _blocks.Add(room.Blocks[b].Number, offsets[problem.Count - room.Blocks.Length + b]);
        }
    }

    public StepRoom Room { get; }

    /// <summary>Bytes of the room.</summary>
    public long Bytes { get; }

    /// <summary>By item of <see cref="Room"/>: where it begins in the room.</summary>
    public long[] Offsets { get; }

    /// <summary>Items that are one piece of memory, as long as all of their sizes are equal.</summary>
    public List<(int Point, ItemPair Pair)> Joined { get; } = [];

    /// <summary>Where a block begins in the room.</summary>
    public long OffsetOfBlock(int number) => _blocks[number];

    private void Join(
        int from, int to, PreparedOrder order, KnownSizes known, bool inPlace, int[] pieceOf, List<int> starts, List<int> ends, List<long> bytes)
    {
        int point = Room.Items[from].Point;
        var lifetimes = order.Lifetimes[point];
        int first = Room.Items[from].Item - Room.Items[from].Own;
        var sizes = new ReadOnlySpan<long>(known.Items, first, lifetimes.Count);
        var own = Enumerable.Range(from, to - from).Select(n => Room.Items[n].Own).ToHashSet();
        ItemPair[] pairs = inPlace ? [.. order.Pairs[point].Where(p => own.Contains(p.From) && own.Contains(p.To))] : [];
        var groups = new ItemGroups(lifetimes, pairs, sizes, known.Bytes);
        var pieces = new Dictionary<int, int>();
        for (int n = from; n < to; n++)
        {
            int i = Room.Items[n].Own;
            if (!pieces.TryGetValue(groups[i], out int piece))
            {
                piece = starts.Count;
                pieces.Add(groups[i], piece);
                starts.Add(int.MaxValue);
                ends.Add(0);
                bytes.Add(0);
            }

            starts[piece] = Math.Min(starts[piece], lifetimes.Start[i]);
            ends[piece] = Math.Max(ends[piece], lifetimes.End[i]);
            bytes[piece] = known.IsKnown[point] ? ArenaProblem.Round(sizes[i]) : 0;
            pieceOf[n] = piece;
        }

        foreach (var pair in pairs)
        {
            if (groups[pair.From] == groups[pair.To])
            {
                Joined.Add((point, pair));
            }
        }
    }
}
