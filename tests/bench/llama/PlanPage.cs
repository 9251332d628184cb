using System.Globalization;
using System.Text;

namespace Dlc.Bench.Llama;

/// <summary>The tables of planned training steps in docs/memory.md.</summary>
internal sealed class PlanPage(int exact)
{
    private static readonly List<string> Ways = ["as it comes", "scheduled", "scheduled and rematerialized"];
    private const string Name = "llama-plan";
    private readonly StringBuilder _text = new();

    /// <summary>Prints the tables, and writes them between the markers of a page where one is named.</summary>
    public void Write(
        IReadOnlyList<PlanLine> lines, IReadOnlyList<ExactRatio> ratios, IReadOnlyList<LimitLine> limits,
        IReadOnlyList<(string Element, double[] New, double Cached)> times, string? page)
    {
        Line($"Made by `tests/bench/run --only llama-plan`. {CodeLengths.Batches} batches a size; texts of 100 to 3000 characters, log-normal with median 400 and deviation of the");
        Line($"logarithm 0.75, 3.5 characters a token, each batch as long as its longest text (seed {CodeLengths.Seed}). *Peak* is all that the step has in memory: parameters, AdamW's state,");
        Line($"inputs and arena, in GB (10⁹ bytes), at the longest batch; the limit is {PlanProgram.Limit / 1_000_000_000} GB. *As it comes* is the order of the model and of its derivation, with all results kept that the backward pass reads. Costs are those of an A100 with 40 GB (19.5 TFLOPS in f32, 312 in bf16,");
        Line($"1555 GB/s, 25 GB/s to the host). Recomputed operations and offloaded bytes are those of all batches together. *Exact* lines are compiled anew for {exact} lengths of");
        Line("those that occur, from the shortest to the longest, since that takes seconds each.\n");
        Line("| | batch | compiled | way | peak, GB | batches that fit | recomputed operations | offloaded, GB a batch | planning, ms |");
        Line("|---|---:|---|---|---:|---:|---:|---:|---:|");
        foreach (var line in lines.OrderBy(l => l.Element == "f32" ? 0 : 1).ThenBy(l => l.Batch).ThenBy(l => Ways.IndexOf(l.Way)).ThenBy(l => l.IsExact))
        {
            var b = line.Batches;
            Line($"| {line.Element} | {line.Batch} | {(line.IsExact ? "for each length" : "once")} | {line.Way} | {Number(b.Max(f => f.Bytes) / 1e9, 2)} | {b.Count(f => f.Bytes <= PlanProgram.Limit)} of {b.Count} "
                + $"| {Number(100 * b.Sum(f => f.Recomputed) / b.Sum(f => f.Flops), 3)}% | {Number(b.Average(f => f.Offloaded) / 1e9, 3)} | {Number(Statistics.Median([.. b.Select(f => f.Milliseconds)]), 2)} |");
        }

        Line("\nPeaks of the step that is compiled once, over those of one compiled for the length alone (the largest ratio of all lengths that were compiled):\n");
        Line("| | batch | lengths | ratio |");
        Line("|---|---:|---:|---:|");
        foreach (var r in ratios)
        {
            Line($"| {r.Element} | {r.Batch} | {r.Lengths} | {Number(r.Scheduled, 4)} |");
        }

        Line($"\nOperations done again at shares of the arena that the step takes without a limit (batch {limits[0].Batch}, the longest length), beside checkpointing of transformer layers:");
        Line("what goes into a layer is kept, and the layer is computed again when the backward pass comes to it.\n");
        Line("| | arena | recomputing alone | each layer checkpointed | ratio | as few layers as fit | with offload | offloaded, GB |");
        Line("|---|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var l in limits)
        {
            var ratio = l.Recomputing is { } ours ? Number(ours / l.AllLayers, 2) : "";
            var all = l.AllLayersShare <= l.Share ? Share(l.AllLayers) : $"{Share(l.AllLayers)}, but takes {Number(100 * l.AllLayersShare, 0)}%";
            Line($"| {l.Element} | {Number(100 * l.Share, 0)}% | {Share(l.Recomputing)} | {all} | {ratio} | {Share(l.Checkpointed)} | {Share(l.Offloading)} | {Number(l.Offloaded / 1e9, 2)} |");
        }

        Line("\nTime of planning all lengths that occur, each at 60% of the arena that it takes without a limit (the least of five times):\n");
        Line("| | new signature, median | 95% within | signature met before |");
        Line("|---|---:|---:|---:|");
        foreach (var (element, fresh, cached) in times)
        {
            Line($"| {element} | {Number(Statistics.Median(fresh), 2)} ms | {Number(fresh.Order().ElementAt(fresh.Length * 95 / 100), 2)} ms | {Number(cached, 3)} µs |");
        }

        PageMarkers.Write(page, Name, _text);
    }

    private static string Share(double? share) => share is { } s ? Number(100 * s, 2) + "%" : "does not fit";

    private static string Number(double value, int decimals) => value.ToString($"F{decimals}", CultureInfo.InvariantCulture);

    private void Line(string text) => _text.Append(text).Append('\n');
}
