// Trains a small Llama-style model, byte by byte, on texts of varying length until it knows far more of them than how often each byte occurs:
//
//     dotnet run -c Release --project samples/TrainLlama -- [STEPS] [FOLDER]
//
// The texts are the files of FOLDER; without one, the licences that Debian installs (/usr/share/common-licenses), or this project's own pages. One
// compilation serves all batches, whatever their lengths.
using System.Diagnostics;
using Dlc.Compiler;
using Dlc.Compiler.Training;
using Dlc.Passes.Training;
using Dlc.Runtime;
using Google.Protobuf;
using ModelBuilder;
using TrainLlama;

const int Batch = 8;
const int Recent = 20;

var steps = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 400;
var corpus = Corpus.Read(args.Length > 1 ? args[1] : null);
var entropy = corpus.UnigramEntropy();
Console.WriteLine($"{corpus.Texts.Count} paragraphs, {corpus.Bytes:N0} bytes from {corpus.Source}; entropy of single bytes {entropy:0.000} nats");

// A model as an exporter would write it, with random weights.
var config = new LlamaConfig { Layers = 4, Width = 128, Heads = 4, KeyHeads = 2, Inner = 352, Vocabulary = 256 };
var folder = Directory.CreateTempSubdirectory("train-llama").FullName;
var model = Path.Combine(folder, "llama.onnx");
using (var file = File.Create(model))
{
    Models.Llama(config).WriteTo(file);
}

var watch = Stopwatch.StartNew();
using var session = DlcCompiler.CompileTraining(model, new TrainingOptions
{
    Loss = "cross-entropy(logits,labels)",
    Optimizer = new AdamW { LearningRate = 3e-3, Beta2 = 0.98 },
    ClipNorm = 1,
});
Console.WriteLine($"compiled in {watch.Elapsed.TotalSeconds:0.0} s: {session.Parameters.Count} parameters, {session.StateBytes >> 10:N0} KiB with the optimizer's state");

watch.Restart();
var losses = new Queue<double>();
var tokens = 0L;
foreach (var step in Enumerable.Range(0, steps))
{
    // Up over 20 steps, then down along a cosine.
    session.LearningRate = 3e-3 * Math.Min((step + 1) / 20.0, (1.05 + Math.Cos(Math.PI * step / steps)) / 2.05);
    var (inputs, count) = corpus.Batch(step, Batch);
    losses.Enqueue(session.Step(inputs));
    tokens += count;
    if (losses.Count > Recent)
    {
        losses.Dequeue();
    }

    if ((step + 1) % 25 == 0 || step + 1 == steps)
    {
        Console.WriteLine($"step {step + 1,4}  loss {losses.Average():0.000}  {tokens / watch.Elapsed.TotalSeconds:0} bytes/s  peak {(session.StateBytes + session.ArenaBytes) >> 20} MiB");
    }
}

// The trained weights go back into an ONNX model, which runs as any other.
var (checkpoint, trained) = (Path.Combine(folder, "llama.safetensors"), Path.Combine(folder, "trained.onnx"));
session.SaveCheckpoint(checkpoint);
TrainedModel.Write(model, checkpoint, trained);
using (var compiled = DlcCompiler.Compile(trained))
using (var inference = compiled.CreateSession())
{
    Console.WriteLine($"it writes: {Writer.Continue(inference, "This program is ", 120)}");
}

Directory.Delete(folder, recursive: true);
var reached = losses.Average();
var isLearned = reached < 0.8 * entropy;
Console.WriteLine($"loss {reached:0.000} after {steps} steps is {(isLearned ? "clearly" : "not clearly")} below the {entropy:0.000} nats of single bytes");
return isLearned ? 0 : 1;
