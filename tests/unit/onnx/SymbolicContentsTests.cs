using Dlc.Compiler.Onnx;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using ModelBuilder;
using Xunit;
using static Dlc.Tests.Unit.Onnx.TestModel;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;
using ElementType = Dlc.IR.ElementType;

namespace Dlc.Tests.Unit.Onnx;

/// <summary>Shape arithmetic is followed on symbols and leaves no operators behind.</summary>
public sealed class SymbolicContentsTests
{
    private static TestModel Image() => new TestModel().Floats("x", "N", "3", "H", "W").Node("Shape x -> s");

    /// <summary>The contents of a list of sizes, as the model's output shows them.</summary>
    private static string Contents(TestModel model, string name)
    {
        var module = model.Output(name).Import();
        var producer = module.Main.Outputs[0].Producer!;
        return producer.Op switch
        {
            DimTensor dims => dims.Elements.ToString(),
            Constant constant => $"[{string.Join(", ", Enumerable.Range(0, (int)constant.Tensor.Count).Select(i => constant.Tensor.GetDouble(i)))}]",
            _ => producer.ToString(),
        };
    }

    [Fact]
    public void Lists_are_sliced_gathered_and_joined() => Assert.Equal("[W, H, N, 3]", Contents(
        Image().Longs("i", 3, 2).Longs("zero", 0).Longs("two", 2).Node("Gather s i -> a").Node("Slice s zero two -> b").Node("Concat a b -> y", Int("axis", 0)), "y"));

    [Fact]
    public void Integers_are_computed_with() => Assert.Equal("[H*W, 2*H - 1, floordiv(W, 4)]", Contents(
        Image().Long("h", 2).Long("w", 3).Longs("zero", 0).Long("two", 2).Long("four", 4).Long("one", 1)
            .Node("Gather s h -> H").Node("Gather s w -> W").Node("Mul H W -> p").Node("Mul H two -> q").Node("Sub q one -> r").Node("Div W four -> t")
            .Node("Unsqueeze p zero -> a").Node("Unsqueeze r zero -> b").Node("Unsqueeze t zero -> c").Node("Concat a b c -> y", Int("axis", 0)), "y"));

    [Fact]
    public void Floats_of_sizes_are_fractions() => Assert.Equal("[floordiv(H, 2), floordiv(W + 1, 2)]", Contents(
        Half(Image().Longs("two", 2).Longs("three", 3).Longs("four", 4).Node("Slice s two three -> h").Node("Slice s three four -> w")
            .Node("Cast h -> hf", Int("to", 1)).Node("Cast w -> wf", Int("to", 1)).Node("Mul hf half -> hh").Node("Mul wf half -> ww")
            .Node("Floor hh -> a").Node("Ceil ww -> b").Node("Concat a b -> ab", Int("axis", 0)).Node("Cast ab -> y", Int("to", 7))), "y"));

    [Fact]
    public void A_factor_that_float_rounds_is_left_to_the_data()
    {
        var model = Image().Longs("two", 2).Longs("three", 3).Node("Slice s two three -> h").Node("Cast h -> f", Int("to", 1)).Node("Mul f seventh -> g")
            .Node("Floor g -> k").Node("Cast k -> n", Int("to", 7)).Node("ConstantOfShape n -> y").Output("y");
        model.Graph.Initializer.Add(new Compiler.Onnx.Proto.TensorProto { Name = "seventh", DataType = (int)DataType.Float, FloatData = { 0.7f } });
        var module = model.Import();
        Assert.Contains(module.Main.Nodes, n => n.Op is BindDim);
        var x = new Tensor(ElementType.Float32, 1, 3, 10, 1);
        Assert.Equal([7L], new GraphEvaluator(module).Run([x])[0].Dims);
    }

    [Fact]
    public void Comparisons_that_sizes_decide_choose() => Assert.Equal("[N, 3, H, W]", Contents(
        Image().Longs("minus", -1).Longs("big", 9, 9, 9, 9).Node("Equal s minus -> e").Node("Where e big s -> y"), "y"));

    [Fact]
    public void The_element_count_is_a_product() => Assert.Equal("[3*H*N*W]", Contents(Image().Node("ReduceProd s -> y"), "y"));

    [Fact]
    public void A_range_over_static_ends_is_known() => Assert.Equal("[1, 3, 5]", Contents(
        Image().Long("a", 1).Long("b", 7).Long("c", 2).Node("Range a b c -> y"), "y"));

    [Theory]
    [InlineData("0 -1", "f32[N, 3*H*W]")]
    [InlineData("-1 3", "f32[H*N*W, 3]")]
    [InlineData("0 0 -1", "f32[N, 3, H*W]")]
    public void Reshape_resolves_0_and_minus_1(string target, string expected)
    {
        var module = Image().Longs("t", [.. target.Split(' ').Select(long.Parse)]).Node("Reshape x t -> y").Output("y").Import();
        Assert.Equal(expected, module.Main.Outputs[0].Type.ToString());
        Assert.Empty(module.Facts.Guards);
    }

    [Fact]
    public void Reshape_to_an_inexact_size_becomes_a_guard()
    {
        var module = new TestModel().Floats("x", "N").Longs("t", -1, 4).Node("Reshape x t -> y").Output("y").Import();
        Assert.Equal(Relation.Divisible, module.Facts.Guards.Single().Relation);
    }

    [Theory]
    [InlineData(new long[] { 2, 3 }, new long[] { 2, 3 })]
    [InlineData(new long[] { -1, 2 }, new long[] { 3, 2 })]
    [InlineData(new long[] { 0, 1 }, new long[] { 6, 1 })]
    public void A_shape_that_is_data_is_bound_at_run_time(long[] target, long[] expected)
    {
        var module = new TestModel().Floats("x", "N").Input("t", DataType.Int64, "2").Node("Reshape x t -> y").Output("y").Import();
        Assert.Equal(2, module.Main.Nodes.Count(n => n.Op is BindDim));
        var result = new GraphEvaluator(module).Run([new Tensor(ElementType.Float32, 6), Tensor.Vector(target)])[0];
        Assert.Equal(expected, result.Dims);
    }

    [Fact]
    public void One_datum_among_sizes_binds_one_symbol()
    {
        var module = new TestModel().Floats("x", "N", "8").Input("k", DataType.Int64, "1").Node("Shape x -> s").Longs("zero", 0).Longs("one", 1)
            .Node("Slice s zero one -> n").Longs("rest", -1).Node("Concat n k rest -> t", Int("axis", 0)).Node("Reshape x t -> y").Output("y").Import();
        Assert.Single(module.Main.Nodes, n => n.Op is BindDim);
        Assert.Equal("N", module.Main.Outputs[0].Type.Shape[0].ToString());
        Assert.Equal([3L, 4, 2], new GraphEvaluator(module).Run([new Tensor(ElementType.Float32, 3, 8), Tensor.Vector(4)])[0].Dims);
    }

    [Fact]
    public void The_same_datum_is_the_same_symbol()
    {
        var module = new TestModel().Input("k", DataType.Int64).Long("zero", 0).Long("one", 1).Node("Range zero k one -> a").Node("Range zero k one -> b")
            .Node("Add a b -> y").Output("y").Import();
        Assert.Single(module.Main.Nodes, n => n.Op is BindDim);
        Assert.Empty(module.Facts.Guards);
        Assert.Equal([0L, 2, 4], new GraphEvaluator(module).Run([Tensor.Scalar(3)])[0].Span<long>().ToArray());
    }

    [Fact]
    public void Transformers_keep_no_shape_arithmetic()
    {
        foreach (var model in new[] { ModelBuilder.Models.Bert(BertConfig.Tiny), ModelBuilder.Models.Gpt2(Gpt2Config.Tiny), ModelBuilder.Models.Llama(LlamaConfig.Tiny), ModelBuilder.Models.ResNet(ResNetConfig.Tiny) })
        {
            var module = OnnxImporter.Import(model);
            Assert.DoesNotContain(module.Main.Nodes, n => n.Op is BindDim);

            // Numbers from sizes are read as data by means (the count of a pooling) and position tables only: never computed with as integers.
            foreach (var node in module.Main.Nodes.Where(n => n.Op is DimTensor))
            {
                Assert.All(module.Main.Nodes.Where(n => n.Inputs.Contains(node.Output)), user => Assert.True(user.Op is Cast or Add, user.ToString()));
            }
        }
    }

    private static TestModel Half(TestModel model)
    {
        model.Graph.Initializer.Add(new Compiler.Onnx.Proto.TensorProto { Name = "half", DataType = (int)DataType.Float, FloatData = { 0.5f } });
        return model;
    }
}
