using System.Globalization;
using System.Text.RegularExpressions;
using Dlc.Runtime.Rematerialization;

namespace Dlc.Bench.Llama;

/// <summary>
/// The usual way to train in less memory (Chen et al., arXiv 1604.06174, as trainers apply it): of each transformer layer only what goes into it is kept, and
/// when the backward pass comes to the layer, it is computed again. A value comes back when it is first needed, and what the backward pass does not read
/// is not computed, so this is a little better than what a framework does.
/// </summary>
internal static partial class LayerCheckpointing
{
    /// <summary>The plan under which the first <paramref name="layers"/> layers are computed again.</summary>
    public static ActionPlan Plan(StepPlanner step, int layers)
    {
        var topology = step.Topology;
        var forward = ForwardSteps(step);
        var layerOf = Enumerable.Range(0, topology.Steps).Select(k => forward.Contains(k) ? LayerOf(step.Origins[k]) : -1).ToArray();
        var modes = new EvictionMode[topology.Gaps];
        for (var v = 0; v < topology.Values; v++)
        {
            if (!topology.CanRecompute[v] || layerOf[topology.Writers[v][0]] is var layer && (layer < 0 || layer >= layers))
            {
                continue;
            }

            // What another layer or the loss reads is what goes into it.
            var touches = topology.Touches[v];
            if (touches.Any(k => k < topology.Steps && forward.Contains(k) && layerOf[k] != layer))
            {
                continue;
            }

            var last = Array.FindLastIndex(touches, k => k < topology.Steps && forward.Contains(k));
            if (last + 1 < touches.Length && topology.IsEvictable[topology.GapAfter(v, last)])
            {
                modes[topology.GapAfter(v, last)] = EvictionMode.Recompute;
            }
        }

        var simulator = new PlanSimulator(topology, step.Numbers);
        return simulator.Run(modes) ? simulator.ToPlan() : throw new BenchException("the step cannot be checkpointed by layers");
    }

    /// <summary>The steps that the loss depends on.</summary>
    private static HashSet<int> ForwardSteps(StepPlanner step)
    {
        var topology = step.Topology;
        var steps = new HashSet<int>();
        var pending = new Stack<int>([step.LossStep]);
        while (pending.TryPop(out var k))
        {
            if (steps.Add(k))
            {
                foreach (var writer in topology.Reads[k].SelectMany(v => topology.Writers[v].Where(w => w < k)))
                {
                    pending.Push(writer);
                }
            }
        }

        return steps;
    }

    private static int LayerOf(IReadOnlyList<string> origins)
    {
        // The norm that begins a layer is kept with what goes into it: its square is a by-product of the layer before.
        if (origins.All(o => o.Contains("/input_layernorm/", StringComparison.Ordinal)))
        {
            return -1;
        }

        var layers = origins.Select(o => Layer().Match(o)).Where(m => m.Success).Select(m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture)).ToList();
        return layers.Count == 0 ? -1 : layers.Min();
    }

    [GeneratedRegex(@"/layers\.(\d+)/")]
    private static partial Regex Layer();
}
