using Dlc.Runtime.Rematerialization;

namespace Dlc.Tests.Unit.Runtime.Rematerialization;

/// <summary>Carries out a plan on fingerprints instead of tensors: whatever it does, each step must read what it reads without a plan.</summary>
internal static class PlanReplay
{
    /// <summary>Returns what is wrong, or null.</summary>
    public static string? Check(StepTopology topology, ActionPlan plan, long[] offsets, long arenaBytes, long limit)
    {
        if (arenaBytes > limit)
        {
            return $"the arena has {arenaBytes} bytes, more than {limit}";
        }

        for (var a = 0; a < plan.Residences.Length; a++)
        {
            var one = plan.Residences[a];
            if (offsets[a] < 0 || offsets[a] + one.Bytes > arenaBytes || one.First > one.Last)
            {
                return $"residence {a} lies outside";
            }

            for (var b = 0; b < a; b++)
            {
                var other = plan.Residences[b];
                if (one.First <= other.Last && other.First <= one.Last && one.Bytes > 0 && other.Bytes > 0
                    && offsets[a] < offsets[b] + other.Bytes && offsets[b] < offsets[a] + one.Bytes)
                {
                    return $"residences {a} and {b} overlap";
                }
            }
        }

        return CheckContents(topology, plan);
    }

    private static string? CheckContents(StepTopology topology, ActionPlan plan)
    {
        var plain = new Dictionary<(int Step, int Value), ulong>();
        var contents = new ulong[topology.Values];
        for (var k = 0; k < topology.Steps; k++)
        {
            foreach (var v in topology.Reads[k])
            {
                plain[(k, v)] = contents[v];
            }

            Execute(topology, k, contents);
        }

        var final = contents;
        contents = new ulong[topology.Values];
        var inResidence = new (int Value, ulong Content)[plan.Residences.Length];
        var where = new int[topology.Values];
        Array.Fill(where, -1);
        var host = new Dictionary<int, ulong>();
        var (launched, p, d) = (0, 0, 0);
        ulong Read(int v) => topology.IsResident[v] ? contents[v]
            : where[v] >= 0 && inResidence[where[v]].Value == v ? inResidence[where[v]].Content : ulong.MaxValue;
        for (var a = 0; a < plan.Actions.Length; a++)
        {
            var action = plan.Actions[a];
            var reads = action.Kind is ActionKind.Launch or ActionKind.Recompute
                ? topology.Reads[action.Subject].Select(v => (Value: v, Content: Read(v))).ToArray()
                : [];
            for (; p < plan.Placements.Length && plan.Placements[p].Action == a; p++)
            {
                where[plan.Placements[p].Value] = plan.Placements[p].Residence;
                inResidence[plan.Placements[p].Residence] = (plan.Placements[p].Value, 0);
            }

            switch (action.Kind)
            {
                case ActionKind.Offload:
                    if (Read(action.Subject) == ulong.MaxValue)
                    {
                        return $"action {a} saves value {action.Subject}, which is not there";
                    }

                    host[action.Subject] = Read(action.Subject);
                    break;
                case ActionKind.Reload:
                    inResidence[where[action.Subject]] = (action.Subject, host[action.Subject]);
                    break;
                default:
                    if (action.Kind == ActionKind.Launch && action.Subject != launched++)
                    {
                        return $"action {a} launches step {action.Subject} out of order";
                    }

                    foreach (var (value, content) in reads)
                    {
                        if (content != plain[(action.Subject, value)] && !topology.Writes[action.Subject].Contains(value))
                        {
                            return $"action {a} ({action}) reads another value {value}";
                        }
                    }

                    var before = new ulong[topology.Values];
                    for (var v = 0; v < before.Length; v++)
                    {
                        before[v] = Read(v);
                    }

                    foreach (var (value, content) in reads)
                    {
                        before[value] = content;
                    }

                    Execute(topology, action.Subject, before);
                    foreach (var v in topology.Writes[action.Subject])
                    {
                        if (topology.IsResident[v])
                        {
                            contents[v] = before[v];
                        }
                        else if (where[v] < 0)
                        {
                            return $"action {a} writes value {v}, which has no place";
                        }
                        else
                        {
                            inResidence[where[v]] = (v, before[v]);
                        }
                    }

                    break;
            }

            for (; d < plan.Drops.Length && plan.Drops[d].Action == a; d++)
            {
                where[plan.Drops[d].Value] = -1;
            }
        }

        if (launched != topology.Steps)
        {
            return $"only {launched} steps ran";
        }

        for (var v = 0; v < topology.Values; v++)
        {
            if (topology.IsKept[v] && Read(v) != final[v])
            {
                return $"value {v} is wrong at the end";
            }
        }

        return null;
    }

    private static void Execute(StepTopology topology, int step, ulong[] contents)
    {
        var hash = Mix(0x9E37_79B9, (ulong)step);
        foreach (var v in topology.Reads[step])
        {
            if (!topology.Writes[step].Contains(v))
            {
                hash = Mix(hash, contents[v]);
            }
        }

        foreach (var v in topology.Writes[step])
        {
            var old = topology.Writers[v][0] == step && !topology.IsResident[v] ? 0 : contents[v];
            contents[v] = Mix(Mix(hash, (ulong)v), topology.Writers[v].Length > 1 || topology.IsResident[v] && topology.Reads[step].Contains(v) ? old : 0) >> 1;
        }
    }

    private static ulong Mix(ulong a, ulong b)
    {
        a = (a ^ b) * 0xFF51_AFD7_ED55_8CCD;
        return a ^ (a >> 29);
    }
}
