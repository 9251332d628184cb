using Dlc.Runtime.Execution;
using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Rematerialization;

/// <summary>What there is to plan under a limit, with the sizes that are known. Immutable.</summary>
internal sealed class LimitedProblem
{
    private readonly StepNumbers _numbers;

    private LimitedProblem(PreparedOrder order, ProgramTopology program, KnownSizes known, RoomLayout[] rooms, StepTopology topology, StepNumbers numbers)
    {
        (Order, Program, Known, Rooms, Topology, _numbers) = (order, program, known, rooms, topology, numbers);
    }

    public PreparedOrder Order { get; }

    public ProgramTopology Program { get; }

    public KnownSizes Known { get; }

    /// <summary>By number of a room.</summary>
    public RoomLayout[] Rooms { get; }

    public StepTopology Topology { get; }

    /// <summary>Sizes as the planner takes them, by its values.</summary>
    public long[] Bytes => _numbers.Bytes;

    /// <summary>Before the first step.</summary>
    public static LimitedProblem Of(PreparedModel model, PreparedOrder order, KnownSizes known, PlanOptions options) => Of(model, order, known, options, isMidRun: false);

    /// <summary>In the middle of a run; <see cref="LadderFrom"/> then says where.</summary>
    public static LimitedProblem InRun(PreparedModel model, PreparedOrder order, KnownSizes known, PlanOptions options) => Of(model, order, known, options, isMidRun: true);

    /// <summary>All plans worth having.</summary>
    public PlanLadder Ladder() => RematerializationPlanner.Plan(Topology, _numbers);

    /// <summary>All plans worth having of the rest of a run; null where <see cref="RunStart.Modes"/> leave something that can't come back.</summary>
    public PlanLadder? LadderFrom(RunStart start)
    {
        var numbers = new StepNumbers
        {
            Bytes = _numbers.Bytes,
            Seconds = _numbers.Seconds,
            TransferRate = _numbers.TransferRate,
            InPlace = _numbers.InPlace,
            Pairs = _numbers.Pairs,
            GoesToTheLast = true,
            Start = start,
        };
        return new PlanSimulator(Topology, numbers).Run(start.Modes) ? RematerializationPlanner.Plan(Topology, numbers) : null;
    }

    private static LimitedProblem Of(PreparedModel model, PreparedOrder order, KnownSizes known, PlanOptions options, bool isMidRun)
    {
        var program = ProgramTopology.Of(model, order);
        var rooms = Array.ConvertAll(program.Rooms, r => new RoomLayout(r, order, known, options.InPlace));
        var rounded = new long[program.Values];
        for (int i = 0; i < program.Items.Length; i++)
        {
            rounded[i] = program.RoomOf[i] < 0 && known.IsKnown[program.PointOf[i]] ? ArenaProblem.Round(known.Items[i]) : 0;
        }

        foreach (var room in rooms)
        {
            rounded[room.Room.Value] = room.Bytes;
        }

        bool IsWhole((int Written, int Read, int WrittenValue, int ReadValue) pair) =>
            known.IsKnown[program.PointOf[pair.Read]] && known.Items[pair.Written] == known.Items[pair.Read]
            && known.Bytes[pair.WrittenValue] == known.Items[pair.Read] && known.Bytes[pair.ReadValue] == known.Items[pair.Read];
        bool isPlain = !isMidRun && Array.IndexOf(known.IsKnown, true, 1) < 0;
        return new LimitedProblem(order, program, known, rooms, isPlain ? program.Topology : program.When(known.IsKnown, isMidRun), new StepNumbers
        {
            Bytes = rounded,
            Seconds = [.. order.Main.Select(s => StepCosts.Of(s, known.Slots, known.Bytes, options).Seconds)],
            TransferRate = StepCosts.TransferRate(options),
            InPlace = options.InPlace,
            GoesToTheLast = !isPlain,
            Pairs = Array.ConvertAll(program.Pairs, pairs => pairs.Length == 0 ? [] : pairs.Where(IsWhole).Select(p => (p.Written, p.Read)).ToArray()),
        });
    }
}
