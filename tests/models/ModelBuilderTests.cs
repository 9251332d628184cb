using Dlc.Peers;
using Dlc.Peers.OnnxRuntime;
using Dlc.Peers.Suite;
using Google.Protobuf;
using ModelBuilder;
using Xunit;

namespace Dlc.Tests.Models;

/// <summary>What the sample ModelBuilder writes is a model that ONNX Runtime runs, with activations that tests can compare.</summary>
public sealed class ModelBuilderTests
{
    [Fact]
    public void The_same_configuration_gives_the_same_bytes() =>
        Assert.Equal(ModelBuilder.Models.Bert(BertConfig.Tiny).ToByteArray(), ModelBuilder.Models.Bert(BertConfig.Tiny).ToByteArray());

    [Fact]
    public void Another_seed_gives_other_weights() =>
        Assert.NotEqual(ModelBuilder.Models.Bert(BertConfig.Tiny).ToByteArray(), ModelBuilder.Models.Bert(BertConfig.Tiny with { Seed = 9 }).ToByteArray());

    [ModelFact("bert-tiny")]
    public void Every_output_of_a_built_model_is_finite_and_not_saturated()
    {
        foreach (var model in ModelSuite.Tiny)
        {
            using var session = OrtSession.FromFile(model.Path);
            foreach (var size in model.Cases)
            {
                foreach (var output in session.Run(model.Inputs(size)))
                {
                    var values = output.Single.As<float>().ToArray();
                    Assert.All(values, v => Assert.InRange(v, -100, 100));
                    Assert.True(values.Length < 2 || values.Max() - values.Min() > 0.1, $"{model} at {size} gives one value");
                }
            }
        }
    }

    [ModelFact("llama-tiny")]
    public void Decoding_token_by_token_equals_prefill()
    {
        const int length = 6;
        using var prefill = OrtSession.FromFile(BuiltModels.Get("llama-tiny"));
        using var decode = OrtSession.FromFile(BuiltModels.Get("llama-tiny-decode"));
        var ids = Enumerable.Range(0, length).Select(i => (long)(i * 17) % 100).ToArray();
        var whole = prefill.Run(
        [
            new("input_ids", Ints(ids)), new("attention_mask", Ints([.. ids.Select(_ => 1L)])),
            new("position_ids", Ints([.. Enumerable.Range(0, length).Select(i => (long)i)])),
        ]);

        var past = decode.Inputs.Where(i => i.Name.StartsWith("past", StringComparison.Ordinal)).ToDictionary(
            i => i.Name, i => (Value)new Value.Dense(Compiler.IO.TensorData.Of<float>([], 1, i.Dims[1], 0, i.Dims[3])));
        for (var step = 0; step < length; step++)
        {
            var outputs = decode.Run(past.Append(new("input_ids", Ints([ids[step]]))).Append(new("position_ids", Ints([step])))
                .Append(new("attention_mask", Ints([.. Enumerable.Repeat(1L, step + 1)]))));
            var names = decode.Outputs.Select(o => o.Name).ToList();
            past = past.Keys.ToDictionary(name => name, name => outputs[names.IndexOf(name.Replace("past_key_values", "present"))]);
            var row = outputs[0].Single.As<float>().ToArray();
            var expected = whole[0].Single.As<float>().Slice(step * row.Length, row.Length).ToArray();
            Assert.All(row.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-3f));
        }
    }

    [ModelFact("bert-tiny")]
    public void External_data_gives_the_same_outputs()
    {
        var folder = Directory.CreateTempSubdirectory("dlc-external-").FullName;
        try
        {
            var path = Path.Combine(folder, "model.onnx");
            OnnxFile.Write(ModelBuilder.Models.Bert(BertConfig.Tiny), path, external: true);
            var model = ModelSuite.ByName("bert-tiny");
            using var inline = OrtSession.FromFile(model.Path);
            using var external = OrtSession.FromFile(path);
            var inputs = model.Inputs(model.Cases[3]);
            Assert.Null(Comparison.Difference(inline.Run(inputs)[0], external.Run(inputs)[0], Tolerance.Model));
            Assert.True(new FileInfo(path).Length < new FileInfo(path + ".data").Length, "the weights lie outside the model file");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Value Ints(long[] values) => new Value.Dense(Compiler.IO.TensorData.Of<long>(values, 1, values.Length));
}
