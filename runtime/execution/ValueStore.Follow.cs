using Dlc.Runtime.Memory;
using Dlc.Runtime.Rematerialization;

namespace Dlc.Runtime.Execution;

/// <content>Brings what is in memory to where a plan made in the middle of a run has it.</content>
internal sealed unsafe partial class ValueStore
{
    /// <summary>What is in memory: items and blocks of loops whose contents count.</summary>
    private List<LivePiece> FindLive()
    {
        var program = _program!;
        var room = RoomUnderWay();
        bool[]? isResident = _limited is null ? null : ResidentNow(_limited);
        var pieces = new List<LivePiece>();
        for (int i = 0; i < _sizes.Length; i++)
        {
            int number = program.RoomOf[i];
            if (!_isResolved[program.PointOf[i]] || program.PointOf[i] == _fresh || (number >= 0 && program.Rooms[number] != room))
            {
                continue;
            }

            if (number < 0 && _limited?.Knows(i) == true ? isResident![i] : IsWithin(i))
            {
                pieces.Add(new LivePiece(i, -1, Table.PlaceOf(program.Items[i]), _sizes[i]));
            }
        }

        foreach (var block in room?.Blocks ?? [])
        {
            if (Table.BlockOf(block.Number) is { Content: > 0 } own && block.Start < _place && _place <= block.End)
            {
                pieces.Add(new LivePiece(-1, block.Number, own.Address, own.Content));
            }
        }

        return pieces;
    }

    /// <summary>Whether the run is within the lifetime of an item.</summary>
    private bool IsWithin(int item)
    {
        int point = _program!.PointOf[item];
        var lifetimes = _entered!.Order.Lifetimes[point];
        int own = item - _firstItem[point];
        return lifetimes.Start[own] < _place && _place <= lifetimes.End[own];
    }

    /// <summary>By item: whether the plan has it in memory at the action under way, and it was written.</summary>
    private bool[] ResidentNow(LimitedPlan limited)
    {
        var plan = limited.Plan;
        var where = new int[_sizes.Length];
        var placed = new int[_sizes.Length];
        var owner = new int[plan.Residences.Length];
        Array.Fill(where, -1);
        foreach (var placement in plan.Placements)
        {
            if (placement.Action <= Action && placement.Value < where.Length)
            {
                where[placement.Value] = placement.Residence;
                placed[placement.Value] = placement.Action;
                owner[placement.Residence] = placement.Value;
            }
        }

        var result = new bool[where.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = where[i] >= 0 && owner[where[i]] == i && plan.Residences[where[i]].Last >= Action && (placed[i] < Action || IsWithin(i));
        }

        return result;
    }

    /// <summary>Makes a plan of the rest the one that the run follows.</summary>
    private void Follow(LimitedPlan plan, RunStart start, List<LivePiece> pieces)
    {
        var program = plan.Program;
        Array.Fill(_at!, -1);
        var placements = plan.Actions[0].Placements.Concat(plan.Actions[1].Placements).ToArray();
        foreach (var (value, offset) in placements)
        {
            _at![value] = offset;
        }

        long saved = _limited?.HostBytes ?? 0;
        var room = Array.Find(program.Rooms, r => r.Step == start.Step);
        var moves = new List<MemoryMove>();
        var leaving = new List<(LivePiece Piece, long Outside)>();
        foreach (var piece in pieces.Where(p => p.Bytes > 0))
        {
            long at = OffsetOf(plan, room, piece);
            if (at >= 0)
            {
                moves.Add(new MemoryMove(piece.From, piece.Bytes, at));
            }
            else if (piece.Item >= 0 && !_isOutside![piece.Item] && IsOffloaded(plan, piece.Item, start.Step))
            {
                leaving.Add((piece, plan.OutsidePlace(piece.Item)));
                _isOutside[piece.Item] = true;
            }
        }

        _outside.Extend(saved, plan.HostBytes);
        foreach (var (piece, outside) in leaving)
        {
            _mover.Save(piece.From, _outside.At(outside), piece.Bytes);
        }

        _device?.Quiesce();
        BringAll(moves, plan.ArenaBytes);
        (_limited, _occupied, _arenaBytes, Action) = (plan, plan.Occupied(), plan.ArenaBytes, 1);
        LendBlocks(plan, room);
        foreach (var (value, offset) in placements)
        {
            SettleIn(plan, value, offset);
        }

        FollowMoves(moves);
    }

    private static bool IsOffloaded(LimitedPlan plan, int item, int step)
    {
        var topology = plan.Problem.Topology;
        int next = topology.NextTouch(item, step);
        return next > 0 && next < topology.Touches[item].Length
            && plan.Modes[topology.GapAfter(item, next - 1)] is EvictionMode.Offload or EvictionMode.OffloadEachTime;
    }

    /// <summary>Where in the arena a piece lies by a plan; -1 where it does not.</summary>
    private long OffsetOf(LimitedPlan plan, StepRoom? room, LivePiece piece)
    {
        if (piece.Item >= 0 && plan.Program.RoomOf[piece.Item] < 0)
        {
            return _at![piece.Item];
        }

        long at = _at![room!.Value];
        var layout = plan.Problem.Rooms[room.Value - plan.Program.Items.Length];
        return at + (piece.Item >= 0 ? layout.Offsets[plan.Program.PlaceInRoom[piece.Item]] : layout.OffsetOfBlock(piece.Block));
    }

    /// <summary>Makes all that is in memory lie in the arena, which is made anew where it is too small or too large.</summary>
    private void BringAll(List<MemoryMove> moves, long arenaBytes)
    {
        long room = Budget!.Room;
        if (_isHosts ? arenaBytes <= _entered!.ArenaBytes : arenaBytes <= _arena.Capacity && _arena.Capacity <= room)
        {
            _mover.Shuffle(moves, _base);
            ReleaseBlocks();
        }
        else if (_isHosts && Budget.Fits(0, arenaBytes))
        {
            _base = _arena.Ensure(arenaBytes);
            _isHosts = false;
            _mover.Shuffle(moves, _base);
            ReleaseBlocks();
        }
        else
        {
            _mover.Through(moves, () =>
            {
                ReleaseBlocks();
                _arena.Resize(0);
                _base = _arena.Ensure(arenaBytes);
                return (nint)_base;
            });
            _isHosts = false;
        }

        _device?.Quiesce();
    }

    /// <summary>The blocks of the loops under way are in the arena from now on.</summary>
    private void LendBlocks(LimitedPlan plan, StepRoom? room)
    {
        foreach (var block in room?.Blocks ?? [])
        {
            long bytes = ArenaProblem.Round(plan.Problem.Known.Blocks[block.Number]);
            if (bytes > 0)
            {
                var layout = plan.Problem.Rooms[room!.Value - plan.Program.Items.Length];
                Table.BlockOf(block.Number)!.Lend(_base + _at![room.Value] + layout.OffsetOfBlock(block.Number), bytes);
            }
        }
    }

    /// <summary>Brings addresses up to date that do not follow from places of items: of what loops carry, and of views.</summary>
    private void FollowMoves(List<MemoryMove> moves)
    {
        moves.Sort((a, b) => ((nint)a.From).CompareTo((nint)b.From));
        foreach (var carried in Table.Carried)
        {
            carried.MoveTo(Moved(moves, carried.Current));
        }

        for (int v = 0; v < _model.Roles.Length; v++)
        {
            if (_model.Roles[v] is ValueRole.CarriedIn or ValueRole.CarriedOut)
            {
                Table.Addresses[v] = Moved(moves, Table.Addresses[v]);
            }
        }

        foreach (var point in _model.Points)
        {
            foreach (int v in _isResolved[point.Id] ? point.Values : [])
            {
                if (_model.Roles[v] == ValueRole.Alias)
                {
                    Table.FollowAlias(v);
                }
            }
        }
    }

    private byte* Moved(List<MemoryMove> moves, byte* address)
    {
        int low = 0;
        int high = moves.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = moves[middle].From <= address ? (middle + 1, high) : (low, middle);
        }

        if (low == 0 || address >= moves[low - 1].From + moves[low - 1].Bytes)
        {
            return address;
        }

        return _base + moves[low - 1].Offset + (address - moves[low - 1].From);
    }
}
