using System.Diagnostics;
using Dlc.Runtime;
using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;
using Dlc.Runtime.Memory;
using Dlc.Runtime.Rematerialization;

namespace Dlc.Bench.Llama;

/// <summary>What one signature of a training step needs.</summary>
/// <param name="Bytes">Parameters, state, inputs, outputs and the arena; where there is no plan within the limit, the least that there is.</param>
/// <param name="Fits">Whether that is within the limit.</param>
/// <param name="Flops">Operations of the step.</param>
/// <param name="Recomputed">Operations done again.</param>
/// <param name="Offloaded">Bytes moved out.</param>
/// <param name="Milliseconds">Time of the planning.</param>
internal sealed record StepFigures(long Bytes, bool Fits, double Flops, double Recomputed, long Offloaded, double Milliseconds);

/// <summary>The plans of one signature of a training step, seen from inside.</summary>
internal sealed class StepPlanner
{
    private readonly CompiledModel _model;
    private readonly SignaturePlan _plan;

    /// <summary>Plans without a limit.</summary>
    public StepPlanner(CompiledModel model, long batch, long sequence, CostRates rates)
    {
        _model = model;
        _plan = SignaturePlanner.Make(model.Executable.Prepared, KeyOf(model, batch, sequence), Options(rates));
        Topology = ProgramTopology.Of(model.Executable.Prepared, _plan.Order).Topology;
        OutsideBytes = SignaturePlanner.OutsideBytes(model.Executable.Model, _plan.Bytes);
        Numbers = new StepNumbers
        {
            Bytes = [.. Enumerable.Range(0, Topology.Values).Select(v => v < _plan.Sizes.Length ? ArenaProblem.Round(_plan.Sizes[v]) : 0)],
            Seconds = [.. _plan.Order.Main.Select(s => StepCosts.Of(s, _plan.Slots, _plan.Bytes, rates).Seconds)],
            TransferRate = rates.TransferBytesPerSecond,
            InPlace = true,
        };
        Flops = FlopsOf(_plan, rates);
        Origins = [.. _plan.Order.Main.Select(s => s.Source.Origins)];
    }

    public StepTopology Topology { get; }

    public StepNumbers Numbers { get; }

    /// <summary>Scalar operations by step.</summary>
    public double[] Flops { get; }

    /// <summary>ONNX nodes by step.</summary>
    public IReadOnlyList<string>[] Origins { get; }

    /// <summary>Bytes of parameters, state, inputs and outputs.</summary>
    public long OutsideBytes { get; }

    /// <summary>Bytes of the arena without a limit.</summary>
    public long ArenaBytes => _plan.Arena.Bytes;

    /// <summary>The step that gives the loss.</summary>
    public int LossStep
    {
        get
        {
            var loss = _model.Executable.Model.Outputs[0].Value;
            return Array.FindIndex(_plan.Order.Main, s => s switch
            {
                PreparedLaunch launch => ((LaunchStep)launch.Source).Writes.Any(b => launch.Buffers[b] == loss),
                PreparedCopy copy => copy.To == loss,
                _ => false,
            });
        }
    }

    /// <summary>All plans.</summary>
    public PlanLadder Ladder() => RematerializationPlanner.Plan(Topology, Numbers);

    /// <summary>The share of all operations that a plan does again.</summary>
    public double RecomputedShare(ActionPlan plan) => plan.Actions.Where(a => a.Kind == ActionKind.Recompute).Sum(a => Flops[a.Subject]) / Flops.Sum();

    /// <summary>Plans a signature under a limit, as a run does that meets it for the first time.</summary>
    public static StepFigures Measure(CompiledModel model, long batch, long sequence, CostRates rates, long limit)
    {
        var key = KeyOf(model, batch, sequence);
        var prepared = model.Executable.Prepared;
        var start = Stopwatch.GetTimestamp();
        try
        {
            var plan = SignaturePlanner.Make(prepared, key, Options(rates) with { MemoryLimit = limit });
            var time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            var bytes = plan.ArenaBytes + SignaturePlanner.OutsideBytes(prepared.Model, plan.Bytes);
            var flops = FlopsOf(plan, rates);
            var actions = plan.Limited?.Plan.Actions ?? [];
            return new StepFigures(bytes, bytes <= limit, flops.Sum(), actions.Where(a => a.Kind == ActionKind.Recompute).Sum(a => flops[a.Subject]),
                actions.Where(a => a.Kind == ActionKind.Offload).Sum(a => ArenaProblem.Round(plan.Sizes[a.Subject])), time);
        }
        catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.MemoryLimit)
        {
            var step = new StepPlanner(model, batch, sequence, rates);
            return new StepFigures(step.OutsideBytes + step.Ladder().LeastBytes, false, step.Flops.Sum(), 0, 0, 0);
        }
    }

    /// <summary>Microseconds of finding a plan that is there already, among as many as a session keeps.</summary>
    public static double MeasureCached(CompiledModel model, long batch, IReadOnlyList<long> sequences, CostRates rates)
    {
        const int Rounds = 20000;
        var cache = new PlanCache(sequences.Count);
        var keys = sequences.Select(s => KeyOf(model, batch, s)).ToArray();
        foreach (var key in keys)
        {
            cache.Add(SignaturePlanner.Make(model.Executable.Prepared, key, Options(rates)));
        }

        for (var warm = 0; ; warm++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < Rounds; i++)
            {
                var key = keys[i % keys.Length];
                _ = cache.Find(key, PlanCache.HashOf(key)) ?? throw new BenchException("a plan went missing");
            }

            if (warm == 2)
            {
                return Stopwatch.GetElapsedTime(start).TotalMicroseconds / Rounds;
            }
        }
    }

    private static PlanOptions Options(CostRates rates) => new(Threads: 2, InPlace: true) { Rates = rates };

    private static long[] KeyOf(CompiledModel model, long batch, long sequence)
    {
        // A step that is compiled for one length has no dims to give.
        var isExact = !model.Executable.Model.Inputs.SelectMany(i => i.Axes).Any(a => a.Kind == InputAxisKind.Bind);
        var dims = isExact ? [] : new Dictionary<string, long> { ["batch"] = batch, ["sequence"] = sequence };
        return [.. model.SolveInputDims(dims).SelectMany(d => d)];
    }

    private static double[] FlopsOf(SignaturePlan plan, CostRates rates) =>
        [.. plan.Order.Main.Select(s => StepCosts.Of(s, plan.Slots, plan.Bytes, rates).Flops)];
}
