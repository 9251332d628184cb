using System.Runtime.CompilerServices;

namespace Dlc.Runtime.Rematerialization;

/// <summary>
/// Walks the steps of a program under given evictions: what has to be brought back when, what is in memory at each action, what it costs. Keeps its
/// tables from one walk to the next; not safe for several threads.
/// </summary>
internal sealed partial class PlanSimulator(StepTopology topology, StepNumbers numbers)
{
    private const int Absent = -1;
    private readonly List<PlanAction> _actions = [];
    private readonly List<Placement> _placements = [];
    private readonly List<(int Action, int Value)> _drops = [];
    private readonly List<(long Bytes, int First)> _residences = [];
    private readonly List<int> _lastAction = [];
    private readonly List<long> _live = [];
    private readonly int[] _where = new int[topology.Values];
    private readonly int[] _next = new int[topology.Values];
    private readonly bool[] _isEvicted = new bool[topology.Values];
    private readonly bool[] _onHost = new bool[topology.Values];
    private readonly RegenerationOrder _order = new(topology);
    private readonly List<int> _dying = [];
    private readonly List<int> _leaving = [];
    private readonly List<int> _evicted = [];
    private readonly int[] _lastNeed = new int[topology.Values];
    private readonly (int Written, int Read)[][] _inPlace = numbers.Pairs ?? topology.InPlace;
    private EvictionMode[] _modes = [];
    private bool _retains;
    private long _now;
    private long _hostNow;

    /// <summary>The largest number of bytes in use at a time.</summary>
    public long Peak { get; private set; }

    /// <summary>The first action at which <see cref="Peak"/> is reached.</summary>
    public int PeakAction { get; private set; }

    /// <summary>Seconds of everything besides the steps themselves.</summary>
    public double ExtraSeconds { get; private set; }

    /// <summary>The largest number of bytes outside.</summary>
    public long HostBytes { get; private set; }

    public List<PlanAction> Actions => _actions;

    public List<Placement> Placements => _placements;

    /// <summary>(action, value), ordered by action: the value is gone after it.</summary>
    public List<(int Action, int Value)> Drops => _drops;

    /// <summary>Bytes in use by action.</summary>
    public List<long> Live => _live;

    public int ResidenceCount => _residences.Count;

    public Residence ResidenceAt(int index) => new(_residences[index].Bytes, _residences[index].First, _lastAction[index]);

    /// <summary>Walks all steps. False where something would be needed that cannot be brought back.</summary>
    /// <param name="modes">By gap.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Run(EvictionMode[] modes)
    {
        Reset(modes);
        if (numbers.Start is { } start)
        {
            Begin(start);
        }

        // A step that is under way has had what it reads.
        var underWay = numbers.Start?.Step ?? -1;
        for (var k = Math.Max(0, underWay); k < topology.Steps; k++)
        {
            if (k > underWay && IsAnyAway(topology.ArenaReads[k]) && !BringBack(topology.ArenaReads[k], k))
            {
                return false;
            }

            Launch(k);
        }

        // What the caller gets may have been away after its last use.
        for (var v = 0; v < topology.Values; v++)
        {
            if (topology.IsKept[v] && !topology.IsResident[v] && _where[v] == Absent && !BringBack([v], topology.Steps))
            {
                return false;
            }
        }

        for (var v = 0; v < topology.Values; v++)
        {
            if (_where[v] != Absent)
            {
                _lastAction[_where[v]] = Math.Max(0, _actions.Count - 1);
            }
        }

        if (_retains)
        {
            EndRetained();
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Reset(EvictionMode[] modes)
    {
        _modes = modes;
        _actions.Clear();
        _placements.Clear();
        _drops.Clear();
        _residences.Clear();
        _lastAction.Clear();
        _live.Clear();
        Array.Fill(_where, Absent);
        Array.Clear(_next);
        Array.Clear(_onHost);
        foreach (var v in _evicted)
        {
            _isEvicted[v] = false;
        }

        _evicted.Clear();
        _retains = modes.AsSpan().Contains(EvictionMode.Retain);
        var rest = modes.AsSpan();
        for (var gap = rest.IndexOfAnyExcept(EvictionMode.Keep); gap >= 0;)
        {
            _isEvicted[topology.ValueOfGap(gap)] = true;
            _evicted.Add(topology.ValueOfGap(gap));
            var next = rest[(gap + 1)..].IndexOfAnyExcept(EvictionMode.Keep);
            gap = next < 0 ? -1 : gap + 1 + next;
        }

        (Peak, PeakAction, ExtraSeconds, HostBytes, _now, _hostNow) = (0, 0, 0, 0, 0, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Launch(int step)
    {
        _actions.Add(new PlanAction(ActionKind.Launch, step, step));
        foreach (var v in topology.ArenaWrites[step])
        {
            if (_where[v] == Absent && !(numbers.InPlace && TakeOver(step, v)))
            {
                Place(v);
            }
        }

        EndAction();
        _leaving.Clear();
        Pass(topology.ArenaReads[step], step);
        Pass(topology.ArenaWrites[step], step);
        foreach (var v in _leaving)
        {
            // After the others have made room.
            Save(v, step);
            Drop(v);
        }
    }

    /// <summary>The written value gets the bytes of one that is read here for the last time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TakeOver(int step, int written)
    {
        foreach (var (output, input) in _inPlace[step])
        {
            // What leaves and returns keeps a place of its own.
            if (output != written || _where[input] == Absent || _isEvicted[input] || _isEvicted[output] || numbers.Bytes[input] != numbers.Bytes[output] || !GoesAfter(input, step))
            {
                continue;
            }

            _where[written] = _where[input];
            _placements.Add(new Placement(_actions.Count - 1, written, _where[written]));
            _where[input] = Absent;
            _drops.Add((_actions.Count - 1, input));
            return true;
        }

        return false;
    }

    /// <summary>Whether a value that is there now is not needed after this step.</summary>
    private bool GoesAfter(int value, int step)
    {
        var touch = _next[value];
        var touches = topology.Touches[value];
        if (touch >= touches.Length || touches[touch] != step)
        {
            return false;
        }

        return touch + 1 == touches.Length;
    }

    /// <summary>Counts a touch of each value and lets go of what leaves after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pass(int[] values, int step)
    {
        foreach (var v in values)
        {
            var touches = topology.Touches[v];
            var touch = _next[v];
            if (touch >= touches.Length || touches[touch] != step)
            {
                continue;
            }

            _next[v]++;
            if (_where[v] == Absent)
            {
                // Overwritten by what was written in its place.
                continue;
            }

            var mode = _modes[topology.GapAfter(v, touch)];
            if (touch + 1 == touches.Length)
            {
                if (mode == EvictionMode.Retain)
                {
                    _lastNeed[v] = _actions.Count - 1;
                }
                else
                {
                    Drop(v);
                }

                continue;
            }

            if (mode is EvictionMode.Offload or EvictionMode.OffloadEachTime && !_onHost[v])
            {
                _leaving.Add(v);
            }
            else if (mode != EvictionMode.Keep)
            {
                Drop(v);
            }
        }
    }

    private void Save(int value, int step)
    {
        _onHost[value] = true;
        _hostNow += numbers.Bytes[value];
        HostBytes = Math.Max(HostBytes, _hostNow);
        _actions.Add(new PlanAction(ActionKind.Offload, value, step));
        ExtraSeconds += numbers.TransferSeconds(value);
        EndAction();
    }

    /// <summary>Makes values be there before a step, in an order that brings back what they need first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool BringBack(int[] needed, int step)
    {
        _order.Begin();
        foreach (var v in needed)
        {
            if (_where[v] == Absent && !IsFirstWrittenHere(v, step) && !_order.Add(v, step, _where, _onHost))
            {
                return false;
            }
        }

        for (var p = 0; p < _order.Count; p++)
        {
            var (isReload, subject) = _order[p];
            if (isReload)
            {
                Reload(subject, step);
            }
            else
            {
                Recompute(subject, step, p, needed);
            }
        }

        return true;
    }

    private bool IsAnyAway(int[] values)
    {
        foreach (var v in values)
        {
            if (_where[v] == Absent)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A step may read what it wrote itself.</summary>
    private bool IsFirstWrittenHere(int value, int step) => topology.Writers[value] is [var first, ..] && first == step;

    private void Reload(int value, int step)
    {
        _actions.Add(new PlanAction(ActionKind.Reload, value, step));
        Place(value);
        ExtraSeconds += numbers.TransferSeconds(value);
        EndAction();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Recompute(int again, int step, int position, int[] needed)
    {
        _actions.Add(new PlanAction(ActionKind.Recompute, again, step));
        _dying.Clear();
        foreach (var v in topology.ArenaWrites[again])
        {
            _lastNeed[v] = _actions.Count - 1;
            if (_where[v] == Absent)
            {
                Place(v);
                if (!_order.IsWanted(v) && !Stays(v) && Array.IndexOf(needed, v) < 0)
                {
                    _dying.Add(v);
                }
            }
        }

        ExtraSeconds += numbers.Seconds[again];
        EndAction();
        foreach (var v in _dying)
        {
            Drop(v);
        }

        foreach (var v in topology.ArenaReads[again])
        {
            _lastNeed[v] = _actions.Count - 1;
            if (_where[v] != Absent && _order.IsWanted(v) && _order.LastUse(v) == position && !Stays(v) && Array.IndexOf(needed, v) < 0)
            {
                Drop(v);
            }
        }
    }

    /// <summary>Whether a value that came back early stays until the step that touches it next.</summary>
    private bool Stays(int value)
    {
        var touch = _next[value];
        if (touch == topology.Touches[value].Length)
        {
            return touch > 0 && _modes[topology.GapAfter(value, touch - 1)] == EvictionMode.Retain;
        }

        return touch > 0 && _modes[topology.GapAfter(value, touch - 1)] is not (EvictionMode.RecomputeEachTime or EvictionMode.OffloadEachTime);
    }

    private void Place(int value)
    {
        _where[value] = _residences.Count;
        _residences.Add((numbers.Bytes[value], _actions.Count - 1));
        _lastAction.Add(_actions.Count - 1);
        _placements.Add(new Placement(_actions.Count - 1, value, _where[value]));
        _lastNeed[value] = _actions.Count - 1;
        _now += numbers.Bytes[value];
    }

    private void Drop(int value)
    {
        _drops.Add((_actions.Count - 1, value));
        _lastAction[_where[value]] = _actions.Count - 1;
        _now -= numbers.Bytes[value];
        _where[value] = Absent;
    }

    private void EndAction()
    {
        _live.Add(_now);
        if (_now > Peak)
        {
            (Peak, PeakAction) = (_now, _actions.Count - 1);
        }
    }
}
