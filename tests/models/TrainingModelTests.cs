using Dlc.Compiler;
using Dlc.Compiler.Onnx.Proto;
using Dlc.Compiler.Training;
using Dlc.IR;
using Dlc.Passes.Training;
using Dlc.Runtime;
using ModelBuilder;
using Xunit;

namespace Dlc.Tests.Models;

/// <summary>Whole models: compiled training steps against the reference evaluator on the same step.</summary>
public sealed class TrainingModelTests
{
    [Fact]
    public void Llama_step_computes_what_its_operators_say() => Agree(
        ModelBuilder.Models.Llama(LlamaConfig.Tiny with { Layers = 1, Vocabulary = 20 }), "cross-entropy(logits,labels)", [(2, 3), (1, 1), (3, 2)]);

    [Fact]
    public void Bert_step_computes_what_its_operators_say() => Agree(
        ModelBuilder.Models.Bert(BertConfig.Tiny with { Layers = 1, Vocabulary = 20 }), "cross-entropy(last_hidden_state,labels)", [(2, 3), (1, 2)]);

    private static void Agree(ModelProto model, string loss, (long Batch, long Sequence)[] sizes)
    {
        // Plain descent: AdamW would turn the rounding of gradients near 0 into steps of either sign.
        var options = new TrainingOptions { Loss = loss, Optimizer = new Sgd { LearningRate = 1, Momentum = 0.5 }, ClipNorm = 1 };
        var graph = TrainingGraph.Build(model, options);
        Verifier.Verify(graph.Model.Module.Main);
        using var session = new TrainingSession(DlcCompiler.BuildTraining(model, options, new CompileOptions { Threads = 1 }).Load());
        var parameters = graph.Model.Parameters.ToDictionary(p => p.Name, p => p.Read());
        var states = graph.Step.States.Select(s => s.Parameter == s.Input ? parameters[s.Name] : new Tensor(s.Input.Type.Element, s.Input.Type.Shape.ToNumbers())).ToArray();
        var random = new Random(1);
        foreach (var (batch, sequence) in sizes)
        {
            var data = session.Inputs.ToDictionary(i => i.Name, i => Enumerable.Range(0, (int)(batch * sequence))
                .Select(n => i.Name.Contains("mask", StringComparison.Ordinal) ? 1L : i.Name == "position_ids" ? n % sequence
                    : i.Name == "token_type_ids" ? n % 2 : random.NextInt64(0, 20)).ToArray());
            var found = session.Step([.. data.Select(d => (d.Key, InputTensor.From(d.Value, batch, sequence)))]);
            var outputs = new GraphEvaluator(graph.Model.Module).Run([.. graph.Model.Module.Main.Inputs.Select(input =>
                data.TryGetValue(input.Name!, out var numbers) ? Tensor.FromSpan<long>(ElementType.Int64, numbers, batch, sequence)
                : input.Name == TrainingStep.LearningRate ? Tensor.Scalar(ElementType.Float32, 1)
                : states[graph.Step.States.ToList().FindIndex(s => s.Input == input)])]);
            Assert.Equal(outputs[0].GetDouble(0), found, 1e-4);
            states = [.. graph.Step.States.Select(s => outputs[s.Output])];
            foreach (var (state, tensor) in graph.Step.States.Zip(states).Where(s => s.Second.Element == ElementType.Float32))
            {
                var values = session.Read<float>(state.Name);
                var scale = Math.Max(1e-3, Enumerable.Range(0, values.Length).Max(i => Math.Abs(tensor.GetDouble(i))));
                for (var i = 0; i < values.Length; i++)
                {
                    Assert.True(Math.Abs(tensor.GetDouble(i) - values[i]) <= 2e-4 * scale, $"{state.Name}[{i}]: compiled {values[i]}, evaluated {tensor.GetDouble(i)}");
                }
            }
        }
    }
}
