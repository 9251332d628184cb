using Dlc.Runtime.Execution;

namespace Dlc.Runtime.Rematerialization;

/// <summary>What only one branch or loop of the main program knows of: items of any bind point that live within it, and blocks that its loops collect in.</summary>
internal sealed class StepRoom
{
    private readonly List<(int Point, int Own, int Item)> _items = [];

    public StepRoom(PreparedModel model, PreparedOrder order, int step, int value, int first, int last)
    {
        (Step, Value, First, Last) = (step, value, first, last);
        var blocks = new List<RoomBlock>();
        for (int p = first; p <= last; p++)
        {
            if (order.Places[p] is not { Kind: PlaceKind.Step, Step: PreparedLoop loop })
            {
                continue;
            }

            int end = Array.FindIndex(order.Places, p, x => x.Kind == PlaceKind.EndLoop && x.Step == loop);
            for (int i = 0; i < loop.Loop.Carried.Length; i++)
            {
                int number = loop.FirstCarried + i;
                if (!model.Carried[number].IsPlanned && !model.Carried[number].PassesThrough)
                {
                    blocks.Add(new RoomBlock(BlockOf(number, 0), p, end));
                    blocks.Add(new RoomBlock(BlockOf(number, 1), p, end));
                }
            }

            for (int i = 0; i < loop.ScanIsPlaced.Length; i++)
            {
                if (!loop.ScanIsPlaced[i])
                {
                    blocks.Add(new RoomBlock((2 * model.Carried.Length) + loop.FirstScan + i, p, end));
                }
            }
        }

        Blocks = [.. blocks];
    }

    /// <summary>Place of the step in the main program.</summary>
    public int Step { get; }

    /// <summary>Its number among the planner's values.</summary>
    public int Value { get; }

    /// <summary>First place of the order within it.</summary>
    public int First { get; }

    /// <summary>The last one, inclusive.</summary>
    public int Last { get; }

    /// <summary>(bind point, item of that point, item among those of all points), by rising bind point.</summary>
    public IReadOnlyList<(int Point, int Own, int Item)> Items => _items;

    public RoomBlock[] Blocks { get; }

    /// <summary>Number of one of the two blocks of a carried value; those of scan outputs follow.</summary>
    public static int BlockOf(int carried, int side) => (2 * carried) + side;

    public static int BlockCount(PreparedModel model) => (2 * model.Carried.Length) + model.ScanCount;

    public void Add(int point, int own, int item) => _items.Add((point, own, item));
}
