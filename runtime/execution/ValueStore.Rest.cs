using Dlc.Runtime.Memory;
using Dlc.Runtime.Rematerialization;

namespace Dlc.Runtime.Execution;

/// <content>
/// Decisions in the middle of a run: where what data decided does not fit under the limit, the rest of the run is planned anew from where it stands, and what
/// is in memory is brought to where the new plan wants it.
/// </content>
internal sealed unsafe partial class ValueStore
{
    private readonly ArenaMover _mover;
    private readonly int[] _firstItem;

    /// <summary>By item of all bind points: bytes.</summary>
    private readonly long[] _sizes;

    /// <summary>By bind point: whether what it makes known holds now.</summary>
    private readonly bool[] _isResolved;

    /// <summary>By bind point: whether this run was there, in an earlier iteration perhaps.</summary>
    private bool[]? _isMet;
    private ProgramTopology? _program;
    private LimitedPlan? _limited;
    private PlacedBuffer[]? _occupied;
    private long _arenaBytes;

    /// <summary>By value of the planner: where it begins in the arena; -1 where it was not there yet. By item: whether there is a copy outside.</summary>
    private long[]? _at;
    private bool[]? _isOutside;

    /// <summary>By item of all bind points: the most bytes in this run.</summary>
    private long[]? _most;

    /// <summary>The place of the order at which the run is.</summary>
    private int _place;

    /// <summary>The bind point that is just being reached, nothing of which is written yet; -1 for none.</summary>
    private int _fresh = -1;
    private int _lastStep;
    private long _plansInRun;

    /// <summary>The plan that the run follows now; null for one without evictions.</summary>
    public LimitedPlan? Limited => _limited;

    /// <summary>Index of the action under way: of <see cref="Limited"/>, or among the steps.</summary>
    public int Action { get; set; }

    /// <summary>Times that the rest of a run was planned anew since the last look, and bytes copied to bring about what those plans want.</summary>
    public (long Plans, long BytesMoved) TakeCounts()
    {
        var counts = (_plansInRun, _mover.Moved);
        (_plansInRun, _mover.Moved) = (0, 0);
        return counts;
    }

    /// <summary>An iteration of a loop ends.</summary>
    public void EndIteration(PreparedLoop loop)
    {
        if (_program is not null)
        {
            _place = _program.Points.RepeatOf(loop);
        }
    }

    byte* IRoomKeeper.RoomFor(int block, out long bytes)
    {
        bytes = 0;
        if (_limited is not { } plan || RoomUnderWay() is not { } room || Array.FindIndex(room.Blocks, b => b.Number == block) < 0)
        {
            return null;
        }

        bytes = ArenaProblem.Round(plan.Problem.Known.Blocks[block]);
        return _base + _at![room.Value] + plan.Problem.Rooms[room.Value - _program!.Items.Length].OffsetOfBlock(block);
    }

    void IRoomKeeper.MakeRoom(int block, long bytes) => PlanRest(block, bytes);

    private void BeginRun(SignaturePlan plan)
    {
        (_limited, _occupied, _arenaBytes, Action, _lastStep, _place) = (plan.Limited, plan.Occupied, plan.ArenaBytes, 0, -1, 0);
        if (Budget is null || (plan.Limited is null && _model.Points.Length == 1))
        {
            return;
        }

        var program = ProgramTopology.Of(_model, plan.Order);
        if (_at is null)
        {
            // As many in each order.
            _at = new long[program.Values];
            _isOutside = new bool[program.Values];
            _isMet = new bool[_isResolved.Length];
            _most = new long[_sizes.Length];
        }

        _program = program;
        Array.Fill(_at, -1);
        Array.Clear(_isOutside!);
        Array.Clear(_isMet!);
        Array.Clear(_most!);
        Array.Clear(_isResolved);
        _isResolved[0] = true;
        _fresh = -1;
    }

    private int StepUnderWay => _limited is null ? Action : _limited.Plan.Actions[Action].Subject;

    private StepRoom? RoomUnderWay()
    {
        int step = StepUnderWay;
        foreach (var room in _program!.Rooms)
        {
            if (room.Step == step)
            {
                return room;
            }
        }

        return null;
    }

    /// <summary>Plans the rest of the run with what is known by now, and brings everything to where that has it.</summary>
    /// <param name="block">A block that has to grow; -1 for none.</param>
    /// <param name="bytes">What it has to hold.</param>
    /// <exception cref="DlcRuntimeException">MemoryLimit: it can't be done.</exception>
    private void PlanRest(int block, long bytes)
    {
        _device?.Quiesce();
        int step = StepUnderWay;
        var pieces = FindLive();
        long hosts = _isHosts ? _entered!.ArenaBytes : 0;
        long limit = Budget!.Room < 0 ? -1 : Math.Max(Budget.Room, hosts);
        RestPlan rest;
        try
        {
            // With room for what later bind points found before, and for a growth that goes on; else with just what has to be.
            rest = default;
            foreach (var foresight in (ReadOnlySpan<Foresight>)(step == _lastStep ? [Foresight.Half, Foresight.Sixteenth, Foresight.None] : [Foresight.Met, Foresight.None]))
            {
                rest = PlanFrom(step, pieces, WhatIsKnown(block, bytes, foresight), limit);
                if (rest.Plan is not null)
                {
                    break;
                }
            }
        }
        catch (OverflowException)
        {
            throw ValueSizes.TooLarge();
        }

        if (rest.Plan is null)
        {
            long beside = _options.MemoryLimit - Budget.Room;
            throw new DlcRuntimeException(
                RuntimeErrors.MemoryLimit,
                "sizes that data decides go beyond the memory limit",
                $"at least {rest.LeastBytes + beside} bytes (weights, inputs and outputs {beside}, arena {rest.LeastBytes})",
                $"{_options.MemoryLimit}");
        }

        _plansInRun++;
        _lastStep = step;
        Follow(rest.Plan, rest.Start, pieces);
    }

    /// <summary>Sizes to plan with.</summary>
    /// <param name="block">A block that has to grow; -1 for none.</param>
    /// <param name="bytes">What it has to hold.</param>
    /// <param name="foresight">What to have room for beside what is known here.</param>
    private KnownSizes WhatIsKnown(int block, long bytes, Foresight foresight)
    {
        long Grown(long size) => checked(size + (foresight == Foresight.Half ? size / 2 : foresight == Foresight.Sixteenth ? size / 16 : 0));
        var expected = foresight != Foresight.None ? _limited?.Problem.Known : null;
        var known = new KnownSizes
        {
            IsKnown = [.. _isResolved],
            Items = [.. _sizes],
            Blocks = new long[StepRoom.BlockCount(_model)],
            Bytes = new ReadOnlySpan<long>(Table.Bytes, _model.Model.Values.Length).ToArray(),
            Slots = new ReadOnlySpan<long>(Table.Slots, _model.Model.SlotNames.Length).ToArray(),
        };
        for (int b = 0; b < known.Blocks.Length; b++)
        {
            known.Blocks[b] = Math.Max(Table.BlockOf(b)?.Content ?? 0, expected?.Blocks[b] ?? 0);
        }

        if (block >= 0)
        {
            known.Blocks[block] = Math.Max(known.Blocks[block], Grown(bytes));
        }

        foreach (var point in _model.Points.AsSpan(1))
        {
            var items = known.Items.AsSpan(_firstItem[point.Id], point.Items.Length);
            bool isExpected = !_isResolved[point.Id] && expected?.IsKnown[point.Id] == true;
            if (isExpected || (foresight != Foresight.None && _isMet![point.Id]))
            {
                known.IsKnown[point.Id] = true;
            }

            if (isExpected && !_isMet![point.Id])
            {
                expected!.Items.AsSpan(_firstItem[point.Id], items.Length).CopyTo(items);
                foreach (int v in point.Values)
                {
                    known.Bytes[v] = expected.Bytes[v];
                }
            }
            else if (!known.IsKnown[point.Id])
            {
                items.Clear();
            }
            else if (foresight is Foresight.Half or Foresight.Sixteenth)
            {
                // Alike, so that what is of one size stays so.
                foreach (ref long size in items)
                {
                    size = Grown(size);
                }

                foreach (int v in point.Values)
                {
                    known.Bytes[v] = Grown(known.Bytes[v]);
                }
            }
        }

        return known;
    }

    private RestPlan PlanFrom(int step, List<LivePiece> pieces, KnownSizes known, long limit)
    {
        var problem = LimitedProblem.InRun(_model, _entered!.Order, known, _options);
        var isPresent = new bool[problem.Program.Values];
        foreach (var piece in pieces)
        {
            if (piece.Item >= 0 && problem.Program.RoomOf[piece.Item] < 0)
            {
                isPresent[piece.Item] = true;
            }
        }

        var topology = problem.Topology;
        RunStart StartWith(EvictionMode[] modes)
        {
            for (int v = 0; v < isPresent.Length; v++)
            {
                int next = topology.IsResident[v] ? 0 : topology.NextTouch(v, step);
                if (next == 0)
                {
                    continue;
                }

                // After its last use it is there because others are made again from it. What is away comes back when something needs it.
                bool isLast = next == topology.Touches[v].Length;
                ref var mode = ref modes[topology.GapAfter(v, next - 1)];
                mode = isPresent[v] ? (isLast ? EvictionMode.Retain : EvictionMode.Keep)
                    : isLast ? EvictionMode.Keep
                    : _isOutside![v] ? EvictionMode.Offload
                    : EvictionMode.Recompute;
            }

            return new RunStart { Step = step, IsPresent = isPresent, IsOutside = _isOutside!, Modes = modes };
        }

        var start = StartWith(new EvictionMode[topology.Gaps]);
        var ladder = problem.LadderFrom(start);
        if (ladder is null && _limited is not null)
        {
            // What the present plan evicts later is needed to bring back what is away now.
            start = StartWith([.. _limited.Modes]);
            ladder = problem.LadderFrom(start);
        }

        if (ladder is null)
        {
            throw new InvalidOperationException("the rest of the run can't be planned");
        }

        int rung = ladder.Choose(limit);
        if (rung < 0)
        {
            return new RestPlan(null, start, ladder.LeastBytes);
        }

        var (plan, modes) = (ladder.PlanAt(rung), ladder.ModesAt(rung));
        var (offsets, bytes) = InPlace(plan, pieces) ?? (ladder.Offsets(rung), ladder.ArenaBytes(rung));
        return new RestPlan(new LimitedPlan(problem, plan, modes, offsets, bytes, _limited, _isOutside), start, 0);
    }

    /// <summary>Offsets with which nothing moves that stays in the arena; null where they need a larger one.</summary>
    private (long[] Offsets, long Bytes)? InPlace(ActionPlan plan, List<LivePiece> pieces)
    {
        long capacity = _isHosts ? _entered!.ArenaBytes : Math.Min(_arena.Capacity, Budget!.Room);
        if (plan.LowerBound > capacity || (!_isHosts && _arena.Capacity > Budget!.Room))
        {
            return null;
        }

        var lies = new Dictionary<int, long>();
        foreach (var piece in pieces)
        {
            if (piece.Item >= 0 && piece.Bytes > 0 && piece.From >= _base && piece.From < _base + capacity)
            {
                lies[piece.Item] = piece.From - _base;
            }
        }

        var at = new long[plan.Residences.Length];
        Array.Fill(at, -1);
        foreach (var placement in plan.Placements)
        {
            if (placement.Action == 0 && lies.TryGetValue(placement.Value, out long offset))
            {
                at[placement.Residence] = offset;
            }
        }

        int[] order = [.. Enumerable.Range(0, at.Length).OrderBy(r => at[r] < 0)];
        var problem = new ArenaProblem
        {
            Start = [.. order.Select(r => plan.Residences[r].First)],
            End = [.. order.Select(r => plan.Residences[r].Last)],
            Bytes = [.. order.Select(r => ArenaProblem.Round(plan.Residences[r].Bytes))],
            Fixed = at.Count(a => a >= 0),
        };
        long[] placed = [.. order.Select(r => Math.Max(0, at[r]))];
        long bytes = ArenaPlanner.Plan(problem, placed, ArenaPlanner.DefaultBudget / 8);
        if (bytes > capacity)
        {
            return null;
        }

        for (int n = 0; n < order.Length; n++)
        {
            at[order[n]] = placed[n];
        }

        return (at, bytes);
    }

    /// <summary>After a run that had to be planned anew: the next one of its dims is to know from its start what this one found.</summary>
    private void Learn()
    {
        if (_limited is not { First: > 0 } || _entered is not { } entered)
        {
            return;
        }

        var found = WhatIsKnown(-1, 0, Foresight.Met);
        for (int b = 0; b < found.Blocks.Length; b++)
        {
            found.Blocks[b] = Math.Max(found.Blocks[b], Table.BlockOf(b)?.Needed ?? 0);
        }

        for (int i = 0; i < found.Items.Length; i++)
        {
            found.Items[i] = Math.Max(found.Items[i], _most![i]);
        }

        // What did not fit from the start would not this time.
        if (entered.Refused?.IsWithin(found) != true)
        {
            entered.Learned = entered.Expected is { } expected ? found.Largest(expected) : found;
        }
    }
}
