using Dlc.Compiler;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.Runtime;
using Xunit;
using static Dlc.Tests.Unit.Onnx.TestModel;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;
using ElementType = Dlc.IR.ElementType;

namespace Dlc.Tests.Unit.Onnx;

/// <summary>If, Loop and Scan, run by the reference semantics.</summary>
public sealed class ControlFlowTests
{
    private static Tensor Floats(params float[] values) => Tensor.FromSpan<float>(ElementType.Float32, values, values.Length);

    private static Tensor Flag(bool value) => Tensor.Scalar(ElementType.Bool, value ? 1 : 0);

    private static float[] Run(Module module, params Tensor[] inputs) => new GraphEvaluator(module).Run(inputs)[^1].Span<float>().ToArray();

    private static TestModel Choice(string condition, params DataType[] _) => new TestModel()
        .Floats("x", "N").Input("c", DataType.Bool).Longs("two", 2)
        .Node($"If {condition} -> y", Body("then_branch", Subgraph("", "t", NodeOf("Add x x -> t"))),
            Body("else_branch", Subgraph("", "e", NodeOf("Tile x two -> e"))))
        .Output("y");

    [Fact]
    public void If_runs_the_branch_that_the_data_chooses()
    {
        var module = Choice("c").Import();
        Assert.Equal([2f, 4], Run(module, Floats(1, 2), Flag(true)));
        Assert.Equal([1f, 2, 1, 2], Run(module, Floats(1, 2), Flag(false)));
    }

    [Fact]
    public void If_on_sizes_that_are_known_imports_one_branch()
    {
        var model = Choice("known").Longs("five", 5);
        model.Graph.Node.Insert(0, NodeOf("Less size five -> known"));
        model.Graph.Node.Insert(0, NodeOf("Size x -> size"));
        model.Graph.Input[0] = Info("x", DataType.Float, "3");
        Assert.Equal(["Add"], model.Import().Main.Nodes.Select(n => n.Op.Name));
    }

    [Fact]
    public void A_demand_of_one_branch_does_not_bind_the_other()
    {
        // Each branch adds a vector of another length to x.
        var module = new TestModel().Floats("x", "N").Floats("a", "3").Floats("b", "4").Input("c", DataType.Bool)
            .Node("If c -> y", Body("then_branch", Subgraph("", "t", NodeOf("Concat x a -> u", Int("axis", 0)), NodeOf("Reshape u six -> t"))),
                Body("else_branch", Subgraph("", "e", NodeOf("Concat x b -> v", Int("axis", 0)), NodeOf("Reshape v six -> e"))))
            .Longs("six", 6).Output("y").Import();
        Assert.Empty(module.Facts.Guards);
        Assert.Equal([1f, 2, 3, 7, 7, 7], Run(module, Floats(1, 2, 3), Floats(7, 7, 7), Floats(8, 8, 8, 8), Flag(true)));
        Assert.Equal([1f, 2, 8, 8, 8, 8], Run(module, Floats(1, 2), Floats(7, 7, 7), Floats(8, 8, 8, 8), Flag(false)));
        Assert.ThrowsAny<Exception>(() => Run(module, Floats(1, 2, 3), Floats(7, 7, 7), Floats(8, 8, 8, 8), Flag(false)));
    }

    [Fact]
    public void Loop_carries_and_scans()
    {
        // Doubles until the sum passes 20, and scans what was there before.
        var body = Subgraph("i go v", "more next before",
            NodeOf("Add v v -> next"), NodeOf("ReduceSum next -> sum", Int("keepdims", 0)), NodeOf("Less sum limit -> more"),
            NodeOf("Identity v -> before"));
        var model = new TestModel().Floats("x", "N").Node("Loop _ _ x -> last all", Body("body", body)).Output("last", "all");
        model.Graph.Initializer.Add(new TensorProto { Name = "limit", DataType = (int)DataType.Float, FloatData = { 20 } });
        var module = model.Import();
        var results = new GraphEvaluator(module).Run([Floats(1, 2)]);
        Assert.Equal([8f, 16], results[0].Span<float>().ToArray());
        Assert.Equal([1f, 2, 2, 4, 4, 8], results[1].Span<float>().ToArray());
        Assert.Equal([3L, 2], results[1].Dims);
    }

    [Fact]
    public void Loop_that_changes_a_size_gets_a_symbol_for_it()
    {
        var body = Subgraph("i go v", "go v2", NodeOf("Concat v v -> v2", Int("axis", 0)));
        var module = new TestModel().Floats("x", "N").Input("n", DataType.Int64).Node("Loop n _ x -> y", Body("body", body)).Output("y").Import();
        Assert.Equal(12, Run(module, Floats(1, 2, 3), Tensor.Scalar(2)).Length);
        Assert.Equal(3, Run(module, Floats(1, 2, 3), Tensor.Scalar(0)).Length);
    }

    [Fact]
    public void Slices_of_a_size_that_only_the_body_knows_are_stacked()
    {
        var body = Subgraph("i go v", "go v2 slice", NodeOf("Identity v -> v2"), NodeOf("Add i one -> j"), NodeOf("Unsqueeze i zero -> a"),
            NodeOf("Unsqueeze j zero -> b"), NodeOf("Slice x a b -> slice"));
        var module = new TestModel().Floats("x", "N").Input("n", DataType.Int64).Longs("zero", 0).Long("one", 1)
            .Node("Loop n _ x -> last all", Body("body", body)).Output("all").Import();
        Assert.Equal([1f, 2], Run(module, Floats(1, 2, 3), Tensor.Scalar(2)));
        Assert.Empty(Run(module, Floats(1, 2, 3), Tensor.Scalar(0)));
        Assert.Throws<DlcException>(() => Run(module, Floats(1, 2, 3), Tensor.Scalar(4)));
    }

    [Fact]
    public void Loop_that_keeps_sizes_keeps_their_dims()
    {
        var body = Subgraph("i go v", "go v2", NodeOf("Add v v -> v2"));
        var module = new TestModel().Floats("x", "N").Node("Shape x -> n").Node("Squeeze n -> m").Node("Loop m _ x -> y", Body("body", body))
            .Output("y").Import();
        Assert.Equal("f32[N]", module.Main.Outputs[0].Type.ToString());
        Assert.Equal([8f, 16, 24], Run(module, Floats(1, 2, 3)));
    }

    [Fact]
    public void What_a_loop_only_hands_on_is_no_carried_tensor()
    {
        var body = Subgraph("i go v w", "go v2 w2", NodeOf("Add v w -> v2"), NodeOf("Identity w -> w2"));
        var module = new TestModel().Floats("x", "N").Floats("z", "N").Long("two", 2)
            .Node("Loop two _ x z -> y q", Body("body", body)).Output("y", "q").Import();
        Assert.Equal(1, module.Main.Nodes.Select(n => n.Op).OfType<Loop>().Single().Carried);
        Assert.Same(module.Main.Inputs[1], module.Main.Outputs[1]);
    }

    [Fact]
    public void Scan_sums_backwards_along_an_axis()
    {
        var body = Subgraph("s v", "s2 out", NodeOf("Add s v -> s2"), NodeOf("Identity s2 -> out"));
        var module = new TestModel().Floats("s0", "N").Floats("x", "N", "T")
            .Node("Scan s0 x -> last all", Body("body", body), Int("num_scan_inputs", 1), Ints("scan_input_axes", 1),
                Ints("scan_input_directions", 1), Ints("scan_output_axes", 1), Ints("scan_output_directions", 1))
            .Output("last", "all").Import();
        var x = Tensor.FromSpan<float>(ElementType.Float32, [1, 2, 3, 10, 20, 30], 2, 3);
        Assert.Equal([6f, 5, 3, 60, 50, 30], Run(module, Floats(0, 0), x));
        Assert.Equal("f32[N, T]", module.Main.Outputs[1].Type.ToString());
    }

    [Fact]
    public void A_loop_of_a_known_number_of_iterations_has_known_sizes_and_asks_nothing()
    {
        var body = Subgraph("i go v", "go v2 slice", NodeOf("Add v v -> v2"), NodeOf("Add v2 v2 -> w"), NodeOf("Sqrt w -> slice"));
        var module = new TestModel().Floats("x", "N").Floats("z", "T").Node("Shape z -> t").Node("Squeeze t -> m").Node("Loop m _ x -> y all", Body("body", body))
            .Node("Exp all -> e").Node("ReduceSum e -> sum").Output("sum").Import();
        var loop = module.Main.Nodes.Single(n => n.Op is Loop);
        Assert.True(((Loop)loop.Op).IsCounted);
        Assert.Single(loop.Inputs);
        using var model = DlcCompiler.Build(module).Load();
        Assert.Empty(model.MemoryFor([[3], [4]]).Unknown);
        using var session = model.CreateSession();
        foreach (var trips in new[] { 0, 1, 4 })
        {
            var expected = Enumerable.Range(0, trips).Sum(i => Math.Exp(Math.Sqrt(4 << i)) * 3);
            var found = session.Run(("x", InputTensor.From([1f, 1, 1], 3)), ("z", InputTensor.From(new float[trips], trips)))[0].ToArray<float>()[0];
            Assert.Equal(expected, found, 1e-3 * Math.Max(1, expected));
        }
    }

    [Fact]
    public void A_loop_in_a_branch_in_a_loop_sees_all_names()
    {
        var inner = Subgraph("j g u", "g u2", NodeOf("Add u x -> u2"));
        var then = Subgraph("", "t", NodeOf("Loop two _ v -> t", Body("body", inner)));
        var otherwise = Subgraph("", "e", NodeOf("Identity v -> e"));
        var outer = Subgraph("i go v", "go v2", NodeOf("If c -> v2", Body("then_branch", then), Body("else_branch", otherwise)));
        var module = new TestModel().Floats("x", "N").Input("c", DataType.Bool).Long("two", 2).Node("Loop two _ x -> y", Body("body", outer))
            .Output("y").Import();
        Assert.Equal([5f, 10], Run(module, Floats(1, 2), Flag(true)));
        Assert.Equal([1f, 2], Run(module, Floats(1, 2), Flag(false)));
    }

    private static TestModel Squeezed(string condition) => new TestModel().Floats("x", "N", "M").Longs("zero", 0).Longs("one", 1)
        .Node("Shape x -> s").Node("Gather s zero -> n").Node("Equal n one -> isOne")
        .Node($"If {condition} -> q", Body("then_branch", Subgraph("", "t", NodeOf("Squeeze x zero -> t"))),
            Body("else_branch", Subgraph("", "e", NodeOf("Identity x -> e"))))
        .Output("y");

    [Fact]
    public void Branches_of_different_rank_split_the_rest_of_the_graph()
    {
        var module = Squeezed("isOne").Node("Add q q -> r").Node("ReduceSum r -> y", Int("keepdims", 0)).Import();
        Assert.Empty(module.Facts.Guards);
        Assert.Equal([12f], Run(module, Tensor.FromSpan<float>(ElementType.Float32, [1, 2, 3], 1, 3)));
        Assert.Equal([12f], Run(module, Tensor.FromSpan<float>(ElementType.Float32, [1, 2, 3], 3, 1)));
    }

    [Fact]
    public void A_rest_that_fits_one_branch_only_becomes_a_guard()
    {
        var module = Squeezed("isOne").Node("Transpose q -> y", Ints("perm", 0)).Import();
        Assert.Single(module.Facts.Guards);
        Assert.True(module.Facts.Simplify(module.Dims.Symbol("N")).Is(1));
        Assert.Equal([1f, 2, 3], Run(module, Tensor.FromSpan<float>(ElementType.Float32, [1, 2, 3], 1, 3)));
        Assert.Throws<DlcException>(() => Run(module, Tensor.FromSpan<float>(ElementType.Float32, [1, 2, 3], 3, 1)));
    }
}
