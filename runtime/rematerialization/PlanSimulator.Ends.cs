namespace Dlc.Runtime.Rematerialization;

/// <content>Where a walk begins and what follows from it when it is over.</content>
internal sealed partial class PlanSimulator
{
    /// <summary>What stayed for recomputations goes after the last one that read it: which that is, only the whole walk tells.</summary>
    private void EndRetained()
    {
        var change = new long[_actions.Count + 1];
        for (var v = 0; v < topology.Values; v++)
        {
            if (_where[v] == Absent || topology.IsKept[v] || _next[v] < topology.Touches[v].Length)
            {
                continue;
            }

            _lastAction[_where[v]] = _lastNeed[v];
            _drops.Add((_lastNeed[v], v));
            change[_lastNeed[v] + 1] -= numbers.Bytes[v];
        }

        _drops.Sort((a, b) => a.Action != b.Action ? a.Action.CompareTo(b.Action) : a.Value.CompareTo(b.Value));
        Peak = 0;
        long less = 0;
        for (var a = 0; a < _live.Count; a++)
        {
            less += change[a];
            _live[a] += less;
            if (_live[a] > Peak)
            {
                (Peak, PeakAction) = (_live[a], a);
            }
        }
    }

    /// <summary>The plan of the last walk.</summary>
    public ActionPlan ToPlan() => new()
    {
        Actions = [.. _actions],
        Placements = [.. _placements],
        Drops = [.. _drops],
        Residences = [.. Enumerable.Range(0, _residences.Count).Select(ResidenceAt)],
        Live = [.. _live],
        LowerBound = Peak,
        ExtraSeconds = ExtraSeconds,
        HostBytes = HostBytes,
    };

    /// <summary>
    /// A walk from the middle: what is there when it begins stays or leaves at once, in an action of its own at which nothing else is done. Nothing is
    /// counted at that action: how things get where the plan wants them is not of the plan.
    /// </summary>
    private void Begin(RunStart start)
    {
        _actions.Add(new PlanAction(ActionKind.Launch, start.Step, start.Step));
        for (var v = 0; v < topology.Values; v++)
        {
            _next[v] = topology.NextTouch(v, start.Step);
            if (start.IsOutside[v])
            {
                _onHost[v] = true;
                _hostNow += numbers.Bytes[v];
            }

            if (topology.IsResident[v])
            {
                continue;
            }

            if (start.IsPresent[v] && StaysFromStart(v, start.Step))
            {
                Place(v);
                continue;
            }

            if (_next[v] > 0 && _next[v] < topology.Touches[v].Length)
            {
                // It comes back to another place.
                MarkEvicted(v);
            }

            if (start.IsPresent[v])
            {
                _drops.Add((0, v));
            }
        }

        HostBytes = _hostNow;
        _live.Add(0);
    }

    private bool StaysFromStart(int value, int step)
    {
        var touch = _next[value];
        if (touch == topology.Touches[value].Length)
        {
            return touch > 0 && _modes[topology.GapAfter(value, touch - 1)] == EvictionMode.Retain;
        }

        var mode = touch == 0 || topology.Touches[value][touch] == step ? EvictionMode.Keep : _modes[topology.GapAfter(value, touch - 1)];
        if (mode is EvictionMode.Offload or EvictionMode.OffloadEachTime && !_onHost[value])
        {
            _onHost[value] = true;
            _hostNow += numbers.Bytes[value];
            ExtraSeconds += numbers.TransferSeconds(value);
        }

        return mode is EvictionMode.Keep or EvictionMode.Retain;
    }

    private void MarkEvicted(int value)
    {
        if (!_isEvicted[value])
        {
            _isEvicted[value] = true;
            _evicted.Add(value);
        }
    }
}
