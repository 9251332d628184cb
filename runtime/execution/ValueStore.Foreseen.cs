using Dlc.Runtime.Memory;
using Dlc.Runtime.Rematerialization;

namespace Dlc.Runtime.Execution;

/// <content>What the plan of a run has room for, although data decides it.</content>
internal sealed unsafe partial class ValueStore
{
    /// <summary>Notes that a bind point is reached.</summary>
    private void Reach(int point)
    {
        _place = _program!.Points.Of(point);
        for (int p = point + 1; p <= _program.Points.LastInner(point); p++)
        {
            _isResolved[p] = false;
        }

        _isResolved[point] = true;
        _fresh = point;
        _isMet![point] = true;
        int first = _firstItem[point];
        for (int i = 0; i < _model.Points[point].Items.Length; i++)
        {
            _most![first + i] = Math.Max(_most[first + i], _sizes[first + i]);
        }
    }

    /// <summary>Whether what a bind point made known is at most what the plan has room for.</summary>
    private bool IsForeseen(int point)
    {
        var problem = _limited!.Problem;
        int first = _firstItem[point];
        for (int i = 0; i < _model.Points[point].Items.Length; i++)
        {
            if (_sizes[first + i] > ArenaProblem.Round(problem.Known.Items[first + i]))
            {
                return false;
            }
        }

        foreach (var (written, read, writtenValue, readValue) in _limited.Joined)
        {
            if (_program!.PointOf[read] == point && !AreEqual(written, read, writtenValue, readValue))
            {
                return false;
            }
        }

        foreach (var room in problem.Rooms)
        {
            var joined = room.Joined;
            for (int n = 0; n < joined.Count; n++)
            {
                var pair = joined[n].Pair;
                if (joined[n].Point == point && !AreEqual(first + pair.To, first + pair.From, pair.ToValue, pair.FromValue))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool AreEqual(int a, int b, int valueA, int valueB) =>
        _sizes[a] == _sizes[b] && Table.Bytes[valueA] == _sizes[a] && Table.Bytes[valueB] == _sizes[a];

    /// <summary>Gives places to what a bind point made known, as far as the plan has it in memory already.</summary>
    private void PlaceForeseen(int point)
    {
        int first = _firstItem[point];
        for (int i = 0; i < _model.Points[point].Items.Length; i++)
        {
            PlaceItem(_limited!, first + i);
        }
    }

    /// <summary>A value of the planner has a new place.</summary>
    private void SettleIn(LimitedPlan plan, int value, long offset)
    {
        _at![value] = offset;
        if (value < plan.Program.Items.Length)
        {
            if (_isResolved[plan.Program.PointOf[value]])
            {
                PlaceItem(plan, value);
                foreach (int v in plan.Program.Aliases[value])
                {
                    Table.FollowAlias(v);
                }
            }

            return;
        }

        var items = plan.Program.Rooms[value - plan.Program.Items.Length].Items;
        for (int n = 0; n < items.Count; n++)
        {
            if (_isResolved[items[n].Point] && plan.Knows(items[n].Item))
            {
                PlaceItem(plan, items[n].Item);
                foreach (int v in plan.Program.Aliases[items[n].Item])
                {
                    Table.FollowAlias(v);
                }
            }
        }
    }

    private void PlaceItem(LimitedPlan plan, int item)
    {
        var program = plan.Program;
        int room = program.RoomOf[item];
        long at = room < 0 ? _at![item] : _at![program.Items.Length + room];
        if (_sizes[item] == 0)
        {
            Table.Place(program.Items[item], Table.Nothing, 0);
        }
        else if (at >= 0)
        {
            Table.Place(program.Items[item], _base + at + (room < 0 ? 0 : plan.Problem.Rooms[room].Offsets[program.PlaceInRoom[item]]), _sizes[item]);
        }
    }
}
