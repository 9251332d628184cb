using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.Passes;
using Dlc.Passes.Training;
using Xunit;

namespace Dlc.Tests.Unit.Autodiff;

public sealed class UpdatePlacesTests
{
    private const int Layers = 300;
    private const int Width = 64;

    private static readonly MachineModel Machine = new()
    {
        Name = "test", VectorBytes = 32, VectorRegisters = 16, TileRows = 6, TileColumns = 16, RowTileColumns = 16, L1Bytes = 32768, L2Bytes = 1 << 20,
    };

    /// <summary>The chain is deeper than fusion looks: with all updates at the end, most gradients would be written, and wait there.</summary>
    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.BFloat16)]
    public void The_product_that_gives_a_gradient_moves_the_weight(ElementType element)
    {
        var module = Chain(element, new TrainingStepOptions { Optimizer = new AdamW() });
        new PassManager(new PassContext(Machine)).Run(module, [Pipeline.Simplify(), Pipeline.Fuse()]);
        var weights = module.Main.Updates.Where(u => module.Main.Inputs[u.Input].Name!.StartsWith('w')).ToList();
        Assert.Equal(Layers, weights.Count);
        Assert.All(weights, u => Assert.True(module.Main.Outputs[u.Output].Producer!.Op is Fused { Kind: FusionKind.MatMul }, module.Main.Inputs[u.Input].Name));
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData(1.0, 1)]
    [InlineData(null, 4)]
    [InlineData(1.0, 4)]
    public void The_old_content_is_read_before_the_new_one_is_there(double? clip, int accumulate)
    {
        var module = Chain(ElementType.Float32, new TrainingStepOptions { Optimizer = new Sgd { Momentum = 0.9 }, ClipNorm = clip, AccumulationSteps = accumulate });
        var graph = module.Main;
        Verifier.Verify(graph);
        foreach (var update in graph.Updates)
        {
            var writer = graph.Nodes.IndexOf(graph.Outputs[update.Output].Producer!);
            var old = graph.Inputs[update.Input];
            for (var i = writer + 1; i < graph.Nodes.Length; i++)
            {
                Assert.DoesNotContain(old, graph.Nodes[i].Inputs);
            }
        }
    }

    private static Module Chain(ElementType element, TrainingStepOptions options)
    {
        var module = new Module("chain") { OutputNames = ["loss"] };
        var writer = new OpWriter(new GraphBuilder(module), []);
        var rows = module.Facts.NewDim("rows", 1);
        var value = writer.Builder.Input(new TensorType(element, [rows, module.Dims.Const(Width)]), "x");
        var weights = new List<Value>();
        for (var i = 0; i < Layers; i++)
        {
            weights.Add(writer.Builder.Input(new TensorType(element, Shape.Of(module.Dims, Width, Width)), $"w{i}"));
            value = writer.As(writer.Builder.Add(new MatMul(ElementType.Float32), [value, weights[^1]]), element);
        }

        module.Main = writer.Builder.Build([writer.Total(value)]);
        TrainingStep.Build(module, 0, weights, options);
        return module;
    }
}
