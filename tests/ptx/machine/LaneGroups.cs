namespace Dlc.Ptx.Machine;

/// <summary>The lanes of a warp that have not ended, by place: groups that part, wait and meet again.</summary>
internal sealed class LaneGroups
{
    private readonly List<LaneGroup> _groups = [];
    private bool _turn;

    /// <summary>Lanes that wait or run.</summary>
    public IReadOnlyList<LaneGroup> All => _groups;

    /// <summary>Puts lanes at the start of the program.</summary>
    public void Start(uint mask)
    {
        _groups.Clear();
        _groups.Add(new(0, mask));
    }

    public void Add(int place, uint mask) => _groups.Add(new(place, mask));

    public void Remove(LaneGroup group) => _groups.Remove(group);

    /// <summary>A group that spins for what another one does must not keep it from doing so: the next one is another, if it asks.</summary>
    public void Yield(bool asked) => _turn = asked;

    /// <summary>The place of the nearest group behind a place: there groups meet.</summary>
    public int NextAfter(int place)
    {
        int next = int.MaxValue;
        foreach (var group in _groups)
        {
            if (group.Place > place && group.Place < next)
            {
                next = group.Place;
            }
        }

        return next;
    }

    /// <summary>Lets the lanes that wait at a barrier of the block go on.</summary>
    public void Release(int barrier)
    {
        foreach (var group in _groups)
        {
            if (group.State == LaneState.AtBarrier && group.Barrier == barrier)
            {
                group.State = LaneState.Running;
                group.Place++;
            }
        }
    }

    /// <summary>The group that runs next: the one least far in the text, or another one when <see cref="Yield"/> was asked for; null where all wait.</summary>
    public LaneGroup? Pick()
    {
        Merge();
        LaneGroup? best = null;
        int running = 0;
        foreach (var group in _groups)
        {
            if (group.State == LaneState.Running)
            {
                running++;
                if (best is null || group.Place < best.Place)
                {
                    best = group;
                }
            }
        }

        if (_turn && running > 1)
        {
            _turn = false;
            var first = best;
            best = null;
            foreach (var group in _groups)
            {
                if (group.State == LaneState.Running && group != first && (best is null || group.Place < best.Place))
                {
                    best = group;
                }
            }
        }

        return best;
    }

    private void Merge()
    {
        for (int i = 0; i < _groups.Count; i++)
        {
            for (int j = _groups.Count - 1; j > i; j--)
            {
                if (_groups[i].Place == _groups[j].Place && _groups[i].State == LaneState.Running && _groups[j].State == LaneState.Running)
                {
                    _groups[i].Mask |= _groups[j].Mask;
                    _groups.RemoveAt(j);
                }
            }
        }
    }

    /// <summary>Splits off the lanes of a mask; what remains goes on behind the instruction.</summary>
    public LaneGroup Split(LaneGroup group, uint mask)
    {
        if (group.Mask == mask)
        {
            return group;
        }

        var part = new LaneGroup(group.Place, mask);
        group.Mask &= ~mask;
        group.Place++;
        _groups.Add(part);
        return part;
    }

    /// <summary>Lanes that wait for each other look again whether all have come.</summary>
    public void Retry()
    {
        foreach (var group in _groups)
        {
            if (group.State == LaneState.Meeting)
            {
                group.State = LaneState.Running;
            }
        }
    }

    /// <summary>Splits off the lanes of a mask, together with those that wait for others at the same place.</summary>
    public LaneGroup Gather(LaneGroup group, uint mask)
    {
        var part = Split(group, mask);
        for (int i = _groups.Count - 1; i >= 0; i--)
        {
            if (_groups[i] != part && _groups[i].Place == part.Place && _groups[i].State == LaneState.Meeting)
            {
                part.Mask |= _groups[i].Mask;
                _groups.RemoveAt(i);
            }
        }

        return part;
    }
}
