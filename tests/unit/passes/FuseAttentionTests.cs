using Dlc.Codegen.Ptx;
using Dlc.Codegen.X86;
using Dlc.Compiler;
using Dlc.Compiler.Onnx;
using Dlc.Compiler.Training;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Text;
using Dlc.Passes;
using Dlc.Tests.Gpu;
using Xunit;

namespace Dlc.Tests.Unit.Fusion;

/// <summary>Where two products with a softmax between them become one kernel, and where they don't.</summary>
public sealed class FuseAttentionTests
{
    private static readonly AttentionCase Plain = new(ElementType.Float32, 4, 5, 16, 16);

    [Theory]
    [InlineData("bert-tiny")]
    [InlineData("gpt2-tiny")]
    [InlineData("gpt2-tiny-decode")]
    [InlineData("llama-tiny")]
    [InlineData("llama-tiny-decode")]
    public void Models_have_one_kernel_a_layer(string name)
    {
        var module = OnnxImporter.Import(ModelBuilder.Models.ByName[name]());
        var layers = module.Main.Nodes.Count(n => n.Op is Reduce { Kind: ReduceKind.Max });
        Assert.True(layers > 1);
        new PassManager(new PassContext(PtxTarget.Sm80.Machine)).Run(module, Pipeline.Create());
        var kernels = module.Main.Nodes.Where(n => n.Op is Fused { Kind: FusionKind.Attention }).ToList();
        Assert.Equal(layers, kernels.Count);

        // Nothing of the size of the scores is in memory but the mask, and views of keys and values are read in place.
        Assert.All(kernels, k => Assert.Equal(2, k.Regions[0].Nodes.Count(n => n.Op is MatMul)));
        Assert.DoesNotContain(module.Main.Nodes, n => n.Op is Reduce { Kind: ReduceKind.Max });
        var resources = new TensorResources();
        var text = GraphPrinter.Print(module, resources);
        Assert.Contains("Fused<Kind = Attention>", text, StringComparison.Ordinal);
        Assert.Equal(text, GraphPrinter.Print(GraphParser.Parse(text, resources), resources));
    }

    [Fact]
    public void Heads_that_share_keys_are_read_in_place()
    {
        var kernel = Assert.Single(Kernels(Plain with { Heads = 8, KeyHeads = 2 }));
        Assert.Equal(2, kernel.Regions[0].Nodes.Count(n => n.Op is Broadcast));
        Assert.Equal(2, kernel.Inputs.Count(v => v.Type.Shape[1].Is(2)));
    }

    [Fact]
    public void A_mask_that_nobody_else_reads_is_made_on_the_spot()
    {
        var kernel = Assert.Single(Kernels(Plain with { Mask = AttentionCase.MaskKind.CausalInfinite }));
        Assert.Equal(2, kernel.Regions[0].Nodes.Count(n => n.Op is Iota));
        Assert.Equal(3, kernel.Inputs.Length);
    }

    [Theory]
    [InlineData("product")]
    [InlineData("scores")]
    [InlineData("weights")]
    public void What_others_read_stays_in_memory(string shown) => Assert.Empty(Kernels(Plain with { Shows = shown }));

    [Theory]
    [InlineData(ElementType.Float32, 128, 128, true)]
    [InlineData(ElementType.Float32, 129, 16, false)]
    [InlineData(ElementType.Float16, 256, 256, true)]
    [InlineData(ElementType.BFloat16, 16, 257, false)]
    [InlineData(ElementType.Float64, 16, 16, false)]
    public void Heads_have_to_fit_a_block(ElementType type, long depth, long columns, bool fit) =>
        Assert.Equal(fit ? 1 : 0, Kernels(new AttentionCase(type, 4, 5, depth, columns)).Count);

    [Fact]
    public void Processors_keep_the_products_apart() => Assert.Empty(Kernels(Plain, CpuTarget.V3.Machine));

    [Fact]
    public void A_training_step_keeps_what_its_gradients_read()
    {
        var model = ModelBuilder.Models.Llama(ModelBuilder.LlamaConfig.Tiny with { Layers = 1, Vocabulary = 20 });
        var options = new TrainingOptions { Loss = "cross-entropy(logits,labels)", Optimizer = new Dlc.Passes.Training.Sgd { LearningRate = 1 } };
        var module = TrainingGraph.Build(model, options).Model.Module;
        new PassManager(new PassContext(PtxTarget.Sm80.Machine)).Run(module, [Pipeline.Simplify(), Pipeline.Fuse()]);
        Assert.DoesNotContain(module.Main.Nodes, n => n.Op is Fused { Kind: FusionKind.Attention });
        Assert.Contains(module.Main.Nodes, n => n.Op is Fused { Kind: FusionKind.Row } && n.Regions[0].Nodes.Any(m => m.Op is Exp));
    }

    private static List<Node> Kernels(AttentionCase attention, MachineModel? machine = null) =>
        [.. AttentionCase.Fused(attention.Build().Graph, machine ?? PtxTarget.Sm80.Machine).Nodes.Where(n => n.Op is Fused { Kind: FusionKind.Attention })];
}
