using Dlc.Compiler;
using Dlc.Compiler.Cli;
using Dlc.Compiler.IO;
using Dlc.Compiler.Onnx.Proto;
using Google.Protobuf;
using Xunit;

namespace Dlc.Tests.Models;

/// <summary>Training from the command line: compile, train, stop and go on, export.</summary>
public sealed class TrainCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dlc-train").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    public TrainCommandTests()
    {
        using (var file = File.Create(In("model.onnx")))
        {
            Model(24).WriteTo(file);
        }

        // Batches of different sizes; labels are the ids two further on.
        Directory.CreateDirectory(In("data"));
        for (var i = 0; i < 5; i++)
        {
            long batch = 1 + (i % 2), sequence = 3 + i;
            long[] ids = [.. Enumerable.Range(0, (int)(batch * sequence)).Select(n => (long)((n * (i + 1)) % 24))];
            TensorData Longs(Func<int, long> value) => TensorData.Of<long>([.. Enumerable.Range(0, ids.Length).Select(value)], batch, sequence);
            Npz.WriteFile(In($"data/{i}.npz"),
            [
                new("input_ids", Longs(n => ids[n])), new("labels", Longs(n => n % 3 == 2 ? -100 : (ids[n] + 2) % 24)),
            ]);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_training_that_was_stopped_goes_on_to_the_same_bits()
    {
        Good("compile", In("model.onnx"), "--train", "--loss", "cross-entropy(logits,labels)", "--optimizer", "adamw(lr=0.01)", "--clip-norm", "1",
            "--accumulate", "2", "-o", In("step.dlcx"));
        Assert.Contains("adamw(lr=0.01, beta1=0.9", _output.ToString(), StringComparison.Ordinal);
        string[] how = ["train", In("step.dlcx"), "--data", In("data"), "--shuffle", "7", "--warmup", "3"];
        Good([.. how, "--steps", "8", "--checkpoint", In("whole.safetensors")]);
        Good([.. how, "--steps", "3", "--checkpoint", In("parts.safetensors")]);
        Good([.. how, "--steps", "8", "--checkpoint", In("parts.safetensors"), "--save-every", "1"]);
        Assert.Contains("at step 3", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(In("whole.safetensors")), File.ReadAllBytes(In("parts.safetensors")));
        Assert.Empty(Directory.GetFiles(_folder, "*.tmp"));

        Good("export", In("model.onnx"), In("whole.safetensors"), In("trained.onnx"));
        using var before = DlcCompiler.CompileTraining(In("model.onnx"), new TrainingOptions { Loss = "cross-entropy(logits,labels)" });
        using var after = DlcCompiler.CompileTraining(In("trained.onnx"), new TrainingOptions { Loss = "cross-entropy(logits,labels)" });
        using var weights = Safetensors.Open(In("whole.safetensors"));
        foreach (var parameter in after.Parameters)
        {
            var expected = new byte[weights.Tensors[parameter.Name].Bytes];
            weights.Read(weights.Tensors[parameter.Name], expected);
            Assert.Equal(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(expected).ToArray(), after.Read<float>(parameter.Name));
            Assert.NotEqual(before.Read<float>(parameter.Name), after.Read<float>(parameter.Name));
        }
    }

    [Fact]
    public void Samples_of_one_file_are_taken_in_batches()
    {
        TensorData Longs(Func<int, long> value) => TensorData.Of<long>([.. Enumerable.Range(0, 7 * 4).Select(value)], 7, 4);
        Npz.WriteFile(In("all.npz"),
        [
            new("input_ids", Longs(n => n % 24)), new("labels", Longs(n => (n + 1) % 24)),
        ]);
        Good("compile", In("model.onnx"), "--train", "--loss", "cross-entropy(logits,labels)", "--optimizer", "sgd(lr=0.2, momentum=0.9)", "--freeze", "norm.*", "-o", In("step.dlcx"));
        Good("train", In("step.dlcx"), "--data", In("all.npz"), "--batch", "3", "--steps", "60", "--schedule", "cosine");
        var losses = _output.ToString().Split('\n').Where(l => l.StartsWith("step ", StringComparison.Ordinal))
            .Select(l => double.Parse(l.Split("loss ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.True(losses[^1] < losses[0] / 2, _output.ToString());
        Assert.Contains("tokens/s", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no optimizer 'adam'", "--loss", "logits", "--optimizer", "adam")]
    [InlineData("adamw has no number 'beta3'", "--loss", "logits", "--optimizer", "adamw(beta3=1)")]
    [InlineData("the loss should be one float", "--loss", "logits")]
    [InlineData("has no output 'loss'", "--loss", "loss")]
    [InlineData("--train needs --loss")]
    [InlineData("no initializer of the model matches 'nothing*'", "--loss", "cross-entropy(logits,labels)", "--freeze", "nothing*")]
    [InlineData("there is no parameter to train", "--loss", "cross-entropy(logits,labels)", "--freeze", "*")]
    [InlineData("expected cross-entropy(LOGITS,LABELS)", "--loss", "cross-entropy(logits)")]
    public void Mistakes_are_told(string message, params string[] options)
    {
        Assert.Equal(1, CommandLine.Run(["compile", In("model.onnx"), "--train", .. options, "-o", In("step.dlcx")], _output, _errors));
        Assert.Contains(message, _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_of_another_model_changes_nothing()
    {
        var options = new TrainingOptions { Loss = "cross-entropy(logits,labels)" };
        using var session = DlcCompiler.CompileTraining(In("model.onnx"), options);
        using var other = new TrainingSession(DlcCompiler.BuildTraining(Model(25), options).Load());
        other.SaveCheckpoint(In("other.safetensors"));
        var before = session.Read<float>("lm_head.weight");
        var error = Assert.Throws<IR.Diagnostics.DlcException>(() => session.LoadCheckpoint(In("other.safetensors")));
        Assert.Contains("should be", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, session.Read<float>("lm_head.weight"));
        File.WriteAllBytes(In("cut.safetensors"), File.ReadAllBytes(In("other.safetensors"))[..^100]);
        Assert.Throws<IR.Diagnostics.DlcException>(() => session.LoadCheckpoint(In("cut.safetensors")));
    }

    [Fact]
    public void A_model_that_was_not_compiled_for_training_is_refused()
    {
        Good("compile", In("model.onnx"), "-o", In("plain.dlcx"));
        Assert.Equal(1, CommandLine.Run(["train", In("plain.dlcx"), "--data", In("data"), "--steps", "1"], _output, _errors));
        Assert.Contains("was not compiled for training", _errors.ToString(), StringComparison.Ordinal);
    }

    /// <summary>logits = (embedding[ids] * norm) lm_head.</summary>
    private static ModelProto Model(long vocabulary)
    {
        var graph = new ModelBuilder.GraphBuilder("tiny", 17, 5);
        graph.Input("input_ids", TensorProto.Types.DataType.Int64, "batch", "sequence");
        var x = graph.Add("Gather", [graph.Weight("embedding", [vocabulary, 8], 1), "input_ids"]);
        x = graph.Add("Mul", [x, graph.Weight("norm.weight", [8], 0.1, 1)]);
        graph.Output("logits", graph.Add("MatMul", [x, graph.Weight("lm_head.weight", [8, vocabulary], 0.3)]), TensorProto.Types.DataType.Float, "batch", "sequence", $"{vocabulary}");
        return graph.Finish();
    }

    private string In(string name) => Path.Combine(_folder, name);

    private void Good(params string[] arguments)
    {
        var code = CommandLine.Run(arguments, _output, _errors);
        Assert.True(code == 0, $"{_errors}\n{_output}");
    }
}
