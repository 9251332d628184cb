using System.Globalization;
using System.Text;
using ModelBuilder;

namespace Dlc.Bench.Llama;

/// <summary>The table of trainings under limits in docs/training.md.</summary>
internal sealed class TrainPage
{
    private const string Name = "llama-train";
    private readonly StringBuilder _text = new();

    /// <summary>Prints the table, and writes it between the markers of a page where one is named.</summary>
    public void Write(IReadOnlyList<TrainFigures> trainings, int[] lengths, EagerPeer? eager, string? page)
    {
        var c = LlamaConfig.Trained;
        var free = trainings[0];
        Line($"Made by `tests/bench/run --only llama-train` on {Environment.ProcessorCount} cores: a Llama-style model of {c.Layers} layers, {c.Width} wide, vocabulary {c.Vocabulary}, 25 million parameters, AdamW;");
        Line($"{lengths.Length} batches of {TrainProgram.Batch} texts, {TrainProgram.Shortest} to {TrainProgram.Longest} tokens long. The limit is what parameters, state and inputs take and a share of the largest arena without a");
        Line("limit. The four trainings take turns batch by batch. *Longest* are the batches within a tenth of the greatest length, which the limit hits hardest.\n");
        Line("| arena | largest plan, MiB | largest arena measured, MiB | time a step | against no limit | longest | recomputed operations | offloaded, MiB a step | last loss | all losses |");
        Line("|---|---:|---:|---:|---:|---:|---:|---:|---:|---|");
        var longest = Enumerable.Range(0, lengths.Length).Where(i => lengths[i] >= 0.9 * TrainProgram.Longest).ToArray();
        foreach (var t in trainings)
        {
            double Relative(IEnumerable<int> steps) => Statistics.Median([.. steps.Select(i => t.Seconds[i] / free.Seconds[i])]);
            var isSame = t.Losses.Zip(free.Losses).All(l => BitConverter.DoubleToInt64Bits(l.First) == BitConverter.DoubleToInt64Bits(l.Second));
            Line($"| {(t.Share == 1 ? "no limit" : $"{Number(100 * t.Share, 0)}%")} | {Size(t.Planned)} | {Size(t.Measured)} | {Number(1000 * t.Seconds.Average(), 0)} ms "
                + $"| {Number(t.Seconds.Sum() / free.Seconds.Sum(), 3)} | {Number(Relative(longest), 3)} | {Number(100 * t.Recomputed, 2)}% | {Size((long)(t.Offloaded / lengths.Length))} "
                + $"| {Number(t.Losses[^1], 6)} | {(isSame ? "equal bits" : "differ")} |");
        }

        if (eager is not null)
        {
            var ratio = Statistics.Median([.. eager.Seconds.Zip(eager.Ours).Skip(2).Select(s => s.First / s.Second)]);
            Line($"\nPyTorch {eager.Version} in eager mode with OpenBLAS, in turns with dlc without a limit, one thread each, {eager.Ours.Count} batches: {Number(1000 * Statistics.Median(eager.Seconds), 0)} ms a step in the");
            Line($"middle against {Number(1000 * Statistics.Median(eager.Ours), 0)} ms, {Number(ratio, 2)} times as long step by step. Its process grows by {Size(eager.Grown)} MiB beyond parameters and state, where the arena has {Size(free.Measured)} MiB.");
        }

        PageMarkers.Write(page, Name, _text);
    }

    private static string Size(long bytes) => Number(bytes / (double)(1 << 20), 1);

    private static string Number(double value, int decimals) => value.ToString($"F{decimals}", CultureInfo.InvariantCulture);

    private void Line(string text) => _text.Append(text).Append('\n');
}
