using System.Numerics;
using System.Numerics.Tensors;

namespace Dlc.Runtime.Rematerialization;

/// <summary>Undoes evictions of a plan that later ones made needless, the dearest first, without rising above its peak. Keeps its tables between uses.</summary>
internal sealed class PlanPruner(StepTopology topology, StepNumbers numbers)
{
    private readonly PlanSimulator _pruned = new(topology, numbers);
    private readonly RegenerationCost _cost = new(topology, numbers);
    private readonly EvictionMode[] _tried = new EvictionMode[topology.Gaps];
    private readonly List<Absence> _away = [];
    private readonly int[] _goneAt = new int[topology.Values];
    private readonly bool[] _isSaved = new bool[topology.Values];
    private long[] _room = [];

    /// <summary>What a plan comes to when nothing in it is in vain.</summary>
    /// <param name="plan">A walk through the program under the evictions.</param>
    /// <param name="modes">The evictions, by gap.</param>
    public PlanRung Run(PlanSimulator plan, EvictionMode[] modes)
    {
        modes.CopyTo(_tried, 0);
        var count = plan.Live.Count;
        _room = _room.Length < count ? new long[2 * count] : _room;
        for (var a = 0; a < count; a++)
        {
            _room[a] = plan.Peak - plan.Live[a];
        }

        FindAway(plan, modes);
        var isChanged = KeepInside(plan);
        foreach (var away in _away)
        {
            var range = _room.AsSpan(away.From, Math.Max(0, away.To - away.From + 1));
            if (Holds(range, numbers.Bytes[away.Value]))
            {
                TensorPrimitives.Subtract(range, numbers.Bytes[away.Value], range);
                _tried[away.Gap] = EvictionMode.Keep;
                isChanged = true;
            }
        }

        return isChanged && _pruned.Run(_tried) && _pruned.Peak <= plan.Peak && _pruned.ExtraSeconds < plan.ExtraSeconds
            ? PlanRung.Of(_pruned, _tried) : PlanRung.Of(plan, modes);
    }

    /// <summary>What was saved outside and came back as a by-product, when its step ran again for another value, need not have been saved.</summary>
    private bool KeepInside(PlanSimulator plan)
    {
        foreach (var action in plan.Actions)
        {
            if (action.Kind is ActionKind.Offload or ActionKind.Reload)
            {
                _isSaved[action.Subject] = action.Kind == ActionKind.Offload;
            }
        }

        var isChanged = false;
        foreach (var action in plan.Actions)
        {
            // Set by a save, cleared by the first reload: a value is saved once.
            if (action.Kind != ActionKind.Offload || !_isSaved[action.Subject])
            {
                continue;
            }

            _isSaved[action.Subject] = false;
            for (var i = 0; i < topology.Touches[action.Subject].Length && topology.CanRecompute[action.Subject]; i++)
            {
                var gap = topology.GapAfter(action.Subject, i);
                isChanged |= _tried[gap] is EvictionMode.Offload or EvictionMode.OffloadEachTime;
                _tried[gap] = _tried[gap] switch
                {
                    EvictionMode.Offload => EvictionMode.Recompute,
                    EvictionMode.OffloadEachTime => EvictionMode.RecomputeEachTime,
                    var other => other,
                };
            }
        }

        return isChanged;
    }

    /// <summary>Whether there are so many bytes everywhere.</summary>
    private static bool Holds(ReadOnlySpan<long> room, long bytes)
    {
        // The ends first: one of them is often full.
        if (room.IsEmpty || room[0] < bytes || room[^1] < bytes)
        {
            return room.IsEmpty;
        }

        var least = new Vector<long>(bytes);
        while (room.Length >= Vector<long>.Count)
        {
            if (Vector.LessThanAny(new Vector<long>(room), least))
            {
                return false;
            }

            room = room[Vector<long>.Count..];
        }

        foreach (var r in room)
        {
            if (r < bytes)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Lists the values that are away, with the actions between, those first whose return costs most a byte.</summary>
    private void FindAway(PlanSimulator plan, EvictionMode[] modes)
    {
        _away.Clear();
        Array.Fill(_goneAt, -1);
        var d = 0;
        var drops = plan.Drops;
        foreach (var placement in plan.Placements)
        {
            for (; d < drops.Count && drops[d].Action < placement.Action; d++)
            {
                _goneAt[drops[d].Value] = drops[d].Action;
            }

            var (value, from) = (placement.Value, _goneAt[placement.Value] + 1);
            if (from == 0)
            {
                continue;
            }

            var next = topology.NextTouch(value, plan.Actions[placement.Action].Serves);
            if (next > 0 && next < topology.Touches[value].Length)
            {
                var gap = topology.GapAfter(value, next - 1);
                if (modes[gap] != EvictionMode.Keep)
                {
                    var serves = placement.Action < plan.Actions.Count ? plan.Actions[placement.Action].Serves : topology.Steps;
                    var seconds = Math.Min(2 * numbers.TransferSeconds(value), _cost.Of(value, serves, modes));
                    _away.Add(new Absence(value, gap, from, placement.Action - 1, seconds / Math.Max(1, numbers.Bytes[value])));
                }
            }
        }

        _away.Sort((a, b) => a.Cost != b.Cost ? b.Cost.CompareTo(a.Cost) : a.From != b.From ? a.From.CompareTo(b.From) : a.Gap.CompareTo(b.Gap));
    }

    private readonly record struct Absence(int Value, int Gap, int From, int To, double Cost);
}
