using Dlc.Runtime;
using ModelBuilder;

namespace Dlc.Bench.Llama;

/// <summary>One line of the table: a batch size planned in one way over all batches.</summary>
/// <param name="Way">What is done to the step.</param>
/// <param name="IsExact">Compiled anew for each length, of which only some are taken.</param>
/// <param name="Batches">The figures, one a batch.</param>
internal sealed record PlanLine(string Element, int Batch, string Way, bool IsExact, IReadOnlyList<StepFigures> Batches);

/// <summary>What being compiled for all lengths costs against being compiled for one: the largest ratio of peaks, without a limit.</summary>
internal sealed record ExactRatio(string Element, int Batch, int Lengths, double Scheduled);

/// <summary>Ways to stay below a share of the scheduled peak at the longest batch.</summary>
/// <param name="Share">The arena allowed, as a share of that without a limit.</param>
/// <param name="Recomputing">Share of operations that our plan does again where nothing is moved out; null for no plan.</param>
/// <param name="Offloading">The same where moving is allowed.</param>
/// <param name="Offloaded">Bytes that it then moves out.</param>
/// <param name="Checkpointed">Share of operations that checkpointing does again of as few layers as fit; null where not even all do.</param>
/// <param name="AllLayers">The same with each layer checkpointed, whether that fits or not.</param>
/// <param name="AllLayersShare">The arena that this needs.</param>
internal sealed record LimitLine(string Element, int Batch, double Share, double? Recomputing, double? Offloading, long Offloaded, double? Checkpointed, double AllLayers, double AllLayersShare);

/// <summary>The published experiment of BladeDISC++ by planning alone: <c>tests/bench/run --only llama-plan</c>.</summary>
internal sealed class PlanProgram
{
    public const long Limit = 40_000_000_000;

    /// <summary>An A100 with 40 GB as its maker describes it; weights and activations of f32 in f32.</summary>
    private static readonly CostRates FullPrecision = new(19.5e12, 1.555e12, 25e9);
    private static readonly CostRates HalfPrecision = FullPrecision with { FlopsPerSecond = 312e12 };
    private static readonly int[] BatchSizes = [14, 16, 18];
    private static readonly double[] Shares = [0.8, 0.6, 0.5, 0.45, 0.4, 0.35, 0.3];

    private readonly List<PlanLine> _lines = [];
    private readonly List<ExactRatio> _ratios = [];
    private readonly List<LimitLine> _limits = [];
    private readonly List<(string Element, double[] New, double Cached)> _times = [];

    /// <summary>Runs it.</summary>
    /// <param name="page">The page to write to, or null.</param>
    /// <param name="exact">Lengths of a batch size for which the step is compiled anew.</param>
    public static void Run(string? page, int exact)
    {
        var folder = Directory.CreateTempSubdirectory("dlc-llama").FullName;
        try
        {
            var program = new PlanProgram();
            program.Measure("f32", LlamaStep.Write(LlamaConfig.Llama2Of1B, folder), FullPrecision, exact);
            program.Measure("bf16", LlamaStep.Write(LlamaConfig.Llama2Of1B with { IsBfloat16 = true }, folder), HalfPrecision, exact);
            new PlanPage(exact).Write(program._lines, program._ratios, program._limits, program._times, page);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void Measure(string element, string path, CostRates rates, int exact)
    {
        using var ordered = LlamaStep.Compile(path, keepsOrder: false);
        using var unordered = LlamaStep.Compile(path, keepsOrder: true);
        var times = new List<double>();

        // The JIT settles first.
        for (var i = 0; i < 30; i++)
        {
            StepPlanner.Measure(ordered, 18, 500 + i, rates, 30_000_000_000);
        }

        foreach (var batch in BatchSizes)
        {
            var lengths = CodeLengths.Of(batch);
            Add("as it comes", lengths, unordered, long.MaxValue);
            var scheduled = Add("scheduled", lengths, ordered, long.MaxValue);
            Add("scheduled and rematerialized", lengths, ordered, Limit);

            // Under a limit that every length feels; the least of some times, since whatever else runs adds to them.
            foreach (var length in lengths.Distinct())
            {
                var step = new StepPlanner(ordered, batch, length, rates);
                var limited = step.OutsideBytes + (long)(0.6 * step.ArenaBytes);
                times.Add(Enumerable.Range(0, 5).Min(_ => StepPlanner.Measure(ordered, batch, length, rates, limited).Milliseconds));
            }

            // The longest, the shortest, and some between.
            var taken = lengths.Distinct().Order().ToArray();
            taken = [.. Enumerable.Range(0, exact).Select(i => taken[(int)((long)i * (taken.Length - 1) / Math.Max(1, exact - 1))]).Distinct()];
            var (exactScheduled, exactLimited, exactUnordered) = (new List<StepFigures>(), new List<StepFigures>(), new List<StepFigures>());
            foreach (var length in taken)
            {
                using var one = LlamaStep.Compile(path, keepsOrder: false, (batch, length));
                exactScheduled.Add(StepPlanner.Measure(one, batch, length, rates, long.MaxValue));
                exactLimited.Add(StepPlanner.Measure(one, batch, length, rates, Limit));
                using var other = LlamaStep.Compile(path, keepsOrder: true, (batch, length));
                exactUnordered.Add(StepPlanner.Measure(other, batch, length, rates, long.MaxValue));
            }

            _lines.Add(new PlanLine(element, batch, "as it comes", true, exactUnordered));
            _lines.Add(new PlanLine(element, batch, "scheduled", true, exactScheduled));
            _lines.Add(new PlanLine(element, batch, "scheduled and rematerialized", true, exactLimited));
            double Ratio(List<StepFigures> own, IReadOnlyList<StepFigures> all) => taken.Select((l, i) => all[Array.IndexOf(lengths, l)].Bytes / (double)own[i].Bytes).Max();
            _ratios.Add(new ExactRatio(element, batch, taken.Length, Ratio(exactScheduled, scheduled)));

            List<StepFigures> Add(string way, long[] sequences, CompiledModel model, long limit)
            {
                var known = new Dictionary<long, StepFigures>();
                foreach (var sequence in sequences.Distinct())
                {
                    known[sequence] = StepPlanner.Measure(model, batch, sequence, rates, limit);
                }

                List<StepFigures> figures = [.. sequences.Select(s => known[s])];
                _lines.Add(new PlanLine(element, batch, way, false, figures));
                Console.Error.WriteLine($"{element} {batch} {way}: {figures.Max(f => f.Bytes) / 1e9:F2} GB");
                return figures;
            }
        }

        Limits(element, ordered, rates);
        _times.Add((element, [.. times], StepPlanner.MeasureCached(ordered, 16, [.. CodeLengths.Of(16).Distinct()], rates)));
    }

    private void Limits(string element, CompiledModel model, CostRates rates)
    {
        const int Layers = 4;
        var batch = BatchSizes[^1];
        var length = CodeLengths.Of(batch).Max();
        var moving = new StepPlanner(model, batch, length, rates);

        // At a byte a second nothing is ever moved.
        var fixedPlanner = new StepPlanner(model, batch, length, rates with { TransferBytesPerSecond = 1 });
        var (ladder, still) = (moving.Ladder(), fixedPlanner.Ladder());
        var checkpoints = Enumerable.Range(1, Layers).Select(l => LayerCheckpointing.Plan(moving, l)).ToList();
        foreach (var share in Shares)
        {
            var limit = (long)(share * moving.ArenaBytes);
            var (move, stay) = (ladder.Choose(limit), still.Choose(limit));
            if (stay >= 0 && still.PlanAt(stay).Actions.Any(a => a.Kind == Runtime.Rematerialization.ActionKind.Offload))
            {
                stay = -1;
            }

            var fitting = checkpoints.Where(c => c.LowerBound <= limit).Select(c => (double?)moving.RecomputedShare(c)).ToList();
            _limits.Add(new LimitLine(
                element, batch, share,
                stay < 0 ? null : fixedPlanner.RecomputedShare(still.PlanAt(stay)),
                move < 0 ? null : moving.RecomputedShare(ladder.PlanAt(move)),
                move < 0 ? 0 : ladder.PlanAt(move).Actions.Where(a => a.Kind == Runtime.Rematerialization.ActionKind.Offload).Sum(a => moving.Numbers.Bytes[a.Subject]),
                fitting.Count == 0 ? null : fitting.Min(),
                moving.RecomputedShare(checkpoints[^1]), checkpoints[^1].LowerBound / (double)moving.ArenaBytes));
        }
    }
}
