using System.Diagnostics;
using System.Globalization;
using Dlc.Compiler;
using Dlc.Runtime;
using ModelBuilder;

namespace Dlc.Bench.Llama;

/// <summary>One training of all batches.</summary>
/// <param name="Share">The arena allowed, as a share of the largest without a limit.</param>
/// <param name="Planned">The largest arena that a plan has, in bytes.</param>
/// <param name="Measured">The largest arena there was.</param>
/// <param name="Recomputed">Share of operations done again, over all batches.</param>
/// <param name="Offloaded">Bytes moved out, over all batches.</param>
/// <param name="Seconds">By step.</param>
/// <param name="Losses">By step.</param>
internal sealed record TrainFigures(double Share, long Planned, long Measured, double Recomputed, double Offloaded, double[] Seconds, double[] Losses);

/// <summary>Trains a model of 25 million parameters under limits: <c>tests/bench/run --only llama-train</c>.</summary>
internal static class TrainProgram
{
    public const int Batch = 4;
    public const int Shortest = 48;
    public const int Longest = 160;
    private const int Seed = 7;
    private static readonly double[] Shares = [1, 0.6, 0.45, 0.3];

    /// <summary>Runs it.</summary>
    /// <param name="page">The page to write to, or null.</param>
    /// <param name="steps">Batches.</param>
    public static void Run(string? page, int steps)
    {
        var folder = Directory.CreateTempSubdirectory("dlc-llama").FullName;
        try
        {
            var compilation = DlcCompiler.BuildTraining(LlamaStep.Write(LlamaConfig.Trained, folder), LlamaStep.Training);
            var random = new Random(Seed);
            var lengths = Enumerable.Range(0, steps).Select(i => i == 0 ? Longest : random.Next(Shortest, Longest + 1)).ToArray();
            using var eager = EagerPeer.Start(LlamaConfig.Trained, Batch);
            var trainings = Train(compilation, lengths, eager);
            new TrainPage().Write(trainings, lengths, eager, page);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static List<TrainFigures> Train(Compilation compilation, int[] lengths, EagerPeer? eager)
    {
        var config = LlamaConfig.Trained;
        using var planned = compilation.Load();
        MemoryReport Plan(int length, long? limit) => planned.MemoryFor(
            new Dictionary<string, long> { ["batch"] = Batch, ["sequence"] = length }, new MemoryQuery { MemoryLimit = limit });
        var whole = Plan(Longest, null);
        var outside = whole.WeightBytes + whole.InputBytes + whole.OutputBytes;
        long? LimitOf(double share) => share == 1 ? null : outside + (long)(share * whole.PeakBytes);
        var sessions = Shares.Select(s => new TrainingSession(compilation.Load(), new SessionOptions { MemoryLimit = LimitOf(s), PlanCacheCapacity = 256 })).ToList();

        // One thread each: OpenBLAS's and PyTorch's own threads get in each other's way, and in that of whatever else runs.
        using var alone = eager is null ? null : new TrainingSession(compilation.Load(), new SessionOptions { Threads = 1, PlanCacheCapacity = 256 });
        var (seconds, losses) = (Shares.Select(_ => new double[lengths.Length]).ToArray(), Shares.Select(_ => new double[lengths.Length]).ToArray());
        var random = new Random(Seed);
        for (var step = 0; step < lengths.Length; step++)
        {
            var batch = Make(random, lengths[step], config.Vocabulary);

            // In turns, so that a slow spell of the machine hits all; who begins changes.
            for (var turn = 0; turn < sessions.Count; turn++)
            {
                var which = (turn + step) % sessions.Count;
                var start = Stopwatch.GetTimestamp();
                losses[which][step] = sessions[which].Step(batch);
                seconds[which][step] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }

            if (eager is not null)
            {
                var start = Stopwatch.GetTimestamp();
                alone!.Step(batch);
                eager.Ours.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                eager.Step(lengths[step]);
            }

            if (step % 20 == 19)
            {
                Console.Error.WriteLine($"step {step + 1}: loss {losses[0][step]:F4}, {string.Join(", ", seconds.Select(s => s.Take(step + 1).Sum() / seconds[0].Take(step + 1).Sum()).Select(r => r.ToString("F3", CultureInfo.InvariantCulture)))}");
            }
        }

        var result = new List<TrainFigures>();
        for (var i = 0; i < Shares.Length; i++)
        {
            var plans = lengths.Distinct().ToDictionary(l => l, l => Plan(l, LimitOf(Shares[i])));
            var steps = lengths.SelectMany(l => plans[l].Steps).ToList();
            var again = steps.Where(s => s.Kind == "recompute").Sum(s => s.Flops) / steps.Where(s => s.Kind != "recompute").Sum(s => s.Flops);
            var moved = lengths.Sum(l => plans[l].Steps.Where(s => s.Kind == "offload").Sum(s => s.Seconds) * CostRates.Default.TransferBytesPerSecond);
            result.Add(new TrainFigures(Shares[i], plans.Values.Max(p => p.PeakBytes), sessions[i].ArenaBytes, again, moved, seconds[i], losses[i]));
            sessions[i].Dispose();
        }

        return result;
    }

    private static (string, InputTensor)[] Make(Random random, int length, int vocabulary)
    {
        // Low numbers are frequent, as in text.
        long[] ids = [.. Enumerable.Range(0, Batch * length).Select(_ => (long)(vocabulary * Math.Pow(random.NextDouble(), 4)))];
        InputTensor Tensor(Func<int, long> value) => InputTensor.From(Enumerable.Range(0, ids.Length).Select(value).ToArray(), Batch, length);
        return
        [
            ("input_ids", Tensor(i => ids[i])), ("labels", Tensor(i => (i + 1) % length == 0 ? -100 : ids[i + 1])),
            ("position_ids", Tensor(i => i % length)), ("attention_mask", Tensor(_ => 1)),
        ];
    }
}
