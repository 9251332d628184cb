using System.CommandLine;
using Dlc.Compiler.IO;
using Dlc.Compiler.Training;
using Dlc.IR.Diagnostics;
using Dlc.Runtime;

namespace Dlc.Compiler.Cli;

/// <summary><c>dlc train</c>: trains a compiled training step on batches from files, from a checkpoint on where there is one.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A .dlcx file that dlc compile --train wrote" };
        var data = new Option<string>("--data") { Description = "Samples along the first axis of the arrays of a file, or a folder of files with a batch each", HelpName = "FILE.npz|DIR", Required = true };
        var steps = Positive(new Option<long>("--steps") { Description = "Steps of the whole training, those before a checkpoint included", HelpName = "N", Required = true });
        var checkpoint = new Option<string?>("--checkpoint") { Description = "Where parameters and optimizer are saved, and taken from where the file is there", HelpName = "FILE.safetensors" };
        var every = Positive(new Option<long>("--save-every") { Description = "Steps from one checkpoint to the next", HelpName = "N", DefaultValueFactory = _ => 100 });
        var batch = Positive(new Option<int>("--batch") { Description = "Samples of a batch, with data from one file", HelpName = "N", DefaultValueFactory = _ => 8 });
        var seed = new Option<int?>("--shuffle") { Description = "Take the data in random order from this seed, anew in each pass; without it in its own order", HelpName = "SEED" };
        var rate = new Option<double?>("--learning-rate") { Description = "Learning rate; by default the one it was compiled with", HelpName = "RATE" };
        var warmup = new Option<long>("--warmup") { Description = "Steps in which the learning rate rises from 0", HelpName = "N", DefaultValueFactory = _ => 0 };
        var schedule = new Option<string>("--schedule") { Description = "The learning rate afterwards: constant, linear or cosine (the latter two fall to 0)", HelpName = "SHAPE", DefaultValueFactory = _ => "constant" };
        schedule.AcceptOnlyFromAmong([.. RateSchedule.Shapes]);
        var (threads, limit) = (CommonOptions.Threads(), CommonOptions.MemoryLimit());
        var isFixed = new Option<bool>("--fixed-costs") { Description = "Under a memory limit, choose what leaves memory by the same estimates each time instead of measured times" };
        var command = new Command("train", "Train a model") { model, data, steps, checkpoint, every, batch, seed, rate, warmup, schedule, limit, isFixed, threads };
        command.SetAction(parsed =>
        {
            var step = CompiledModel.Load(parsed.GetRequiredValue(model));
            using var session = Open(step, new SessionOptions
            {
                Threads = parsed.GetValue(threads),
                MemoryLimit = ByteSize.Limit(parsed, limit),
                Calibration = parsed.GetValue(isFixed) ? null : new CostCalibration(step),
            });
            var path = parsed.GetValue(checkpoint);
            var resumed = path is not null && File.Exists(path);
            if (resumed)
            {
                session.LoadCheckpoint(path!);
            }

            var total = parsed.GetValue(steps);
            var rates = new RateSchedule(parsed.GetValue(rate) ?? session.LearningRate, parsed.GetValue(warmup), total, parsed.GetValue(schedule)!);
            var text = parsed.InvocationConfiguration.Output;
            var batches = TrainingData.Open(parsed.GetValue(data)!, parsed.GetValue(batch), parsed.GetValue(seed));
            if (resumed)
            {
                text.WriteLine($"continues {path} at step {session.Steps}");
            }

            Train(session, batches, rates, path, parsed.GetValue(every), text);
            return ExitCodes.Good;
        });
        return command;
    }

    private static TrainingSession Open(CompiledModel model, SessionOptions options)
    {
        try
        {
            return new TrainingSession(model, options);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static void Train(TrainingSession session, TrainingData data, RateSchedule rates, string? checkpoint, long every, TextWriter text)
    {
        // What was asked for between two steps ends the training with a checkpoint instead of losing what was learned.
        using var stop = new CancellationTokenSource();
        ConsoleCancelEventHandler onCancel = (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        Console.CancelKeyPress += onCancel;
        try
        {
            TrainingDisplay.Run(session, rates.Total, text, display =>
            {
                var saved = session.Steps;
                while (session.Steps < rates.Total && !stop.IsCancellationRequested)
                {
                    session.LearningRate = rates.At(session.Steps);
                    var batch = data.Batch(session.Batches);
                    var loss = Step(session, batch);
                    display.Report(loss, Items(session, batch));
                    if (checkpoint is not null && session.Steps >= saved + every && session.Batches % session.AccumulationSteps == 0)
                    {
                        session.SaveCheckpoint(checkpoint);
                        saved = session.Steps;
                    }
                }
            });
        }
        finally
        {
            Console.CancelKeyPress -= onCancel;
        }

        if (checkpoint is not null)
        {
            session.SaveCheckpoint(checkpoint);
            text.WriteLine($"saved {checkpoint} at step {session.Steps} ({Summary.Bytes(new FileInfo(checkpoint).Length)})");
        }
    }

    private static double Step(TrainingSession session, (string Name, TensorData Tensor)[] batch)
    {
        var missing = session.Inputs.Where(i => batch.All(b => b.Name != i.Name)).ToList();
        var unknown = batch.Where(b => session.Inputs.All(i => i.Name != b.Name)).Select(b => b.Name).ToList();
        if (missing.Count + unknown.Count > 0)
        {
            throw new DlcException(ErrorCodes.BadInput, $"a batch should hold {string.Join(", ", session.Inputs)}; "
                + $"it holds {string.Join(", ", batch.Select(b => $"{b.Name}: {b.Tensor}"))}");
        }

        foreach (var (name, tensor) in batch)
        {
            var input = session.Inputs.First(i => i.Name == name);
            if (OnnxElementTypes.Of(input.Type) != tensor.Type)
            {
                throw new DlcException(ErrorCodes.BadInput, $"input '{input}' of a batch is {tensor}");
            }
        }

        return session.Step([.. batch.Select(b => (b.Name, InputTensor.FromBytes(b.Tensor.Bytes, b.Tensor.Dims.ToArray())))]);
    }

    /// <summary>What a batch holds: tokens, where it has labels of two axes or more, else samples.</summary>
    private static (long Count, string Unit) Items(TrainingSession session, (string Name, TensorData Tensor)[] batch)
    {
        var labels = batch.FirstOrDefault(b => b.Name == session.Labels).Tensor;
        return labels is { Dims.Length: > 1 } ? (labels.Count, "tokens")
            : (batch.Where(b => b.Tensor.Dims.Length > 0).Select(b => b.Tensor.Dims[0]).FirstOrDefault(1), "samples");
    }

    private static Option<T> Positive<T>(Option<T> option)
        where T : struct, IComparable<T>
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && long.TryParse(result.Tokens[0].Value, out var n) && n < 1)
            {
                result.AddError($"{option.Name} takes a number from 1 on, not {n}");
            }
        });
        return option;
    }
}
