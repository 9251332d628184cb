using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Passes;
using Dlc.Passes.Simplify;
using Xunit;

namespace Dlc.Tests.Unit.Simplification;

public sealed class SimplifyTests : PassTestBase
{
    [Fact]
    public void Dead_code_goes_and_live_code_stays()
    {
        var x = Input("N", 4);
        Graph.Add(new Exp(), [x]);
        var y = Graph.Add(new Tanh(), [x]);
        Assert.Equal(["Tanh"], Ops(Run(new RemoveDeadCode(), y)));
    }

    [Fact]
    public void A_bound_dim_stays_with_what_it_reads()
    {
        var x = Input("N", 4);
        var count = Graph.Add(new Constant(Tensor.Scalar(3)), []);
        Graph.AddNode(new BindDim(Dim("K")), [count]);
        Module.Main = Graph.Build([x]);
        var after = new PassManager(Context).Run(new RemoveDeadCode(), Module.Main);
        Assert.Equal(2, after.Nodes.Length);
    }

    [Fact]
    public void A_graph_without_dead_code_is_returned_as_it_is()
    {
        var y = Graph.Add(new Tanh(), [Input("N", 4)]);
        Module.Main = Graph.Build([y]);
        Assert.Same(Module.Main, new PassManager(Context).Run(new RemoveDeadCode(), Module.Main));
    }

    [Fact]
    public void Equal_nodes_merge_and_others_do_not()
    {
        var x = Input("N", 4);
        var (a, b, c) = (Graph.Add(new Exp(), [x]), Graph.Add(new Exp(), [x]), Graph.Add(new Tanh(), [x]));
        var y = Graph.Add(new Add(), [Graph.Add(new Mul(), [a, c]), Graph.Add(new Mul(), [b, c])]);
        Assert.Equal(["Exp", "Tanh", "Mul", "Add"], Ops(Run(new MergeEqualNodes(), y)));
    }

    [Fact]
    public void Constants_fold()
    {
        var sum = Graph.Add(new Add(), [Constant([1, 2, 3, 4], 2, 2), Constant([10, 20], 2)]);
        var turned = Graph.Add(new Transpose([1, 0]), [sum]);
        var y = Graph.Add(new Mul(), [Input("N", 2, 2), turned]);
        var after = Run(new FoldConstants(), y);
        Assert.Equal(["Mul"], Ops(after));
        Assert.Equal([11, 13, 22, 24], ((Constant)after.Outputs[0].Producer!.Inputs[1].Producer!.Op).Tensor.Span<float>().ToArray());
    }

    [Fact]
    public void A_large_expanded_constant_is_not_folded()
    {
        var y = Graph.Add(new Broadcast(Shape(1024, 1024)), [Scalar(1)]);
        Assert.Equal(["Broadcast"], Ops(Run(new FoldConstants(), y)));
    }

    [Fact]
    public void Strided_constants_fold_as_the_reference_does()
    {
        var values = Enumerable.Range(0, 24).Select(i => (float)i).ToArray();
        var c = Constant(values, 2, 3, 4);
        var turned = Graph.Add(new Transpose([2, 0, 1]), [c]);
        var one = Module.Dims.One;
        var slice = Graph.Add(new Slice([one * 3, one * 0, one], [one * -1, one, one], Shape(4, 2, 2)), [turned]);
        var y = Graph.Add(new Add(), [Graph.Add(new Add(), [slice, Input(4, 2, 2)]), Graph.Add(new Div(), [slice, Constant([1, 2], 2, 1)])]);
        Assert.Equal(["Add", "Add"], Ops(Run(new FoldConstants(), y)));
    }

    [Theory]
    [InlineData("add0")]
    [InlineData("mul1")]
    [InlineData("div1")]
    [InlineData("sub0")]
    [InlineData("pow1")]
    [InlineData("negneg")]
    public void Neutral_arithmetic_vanishes(string what)
    {
        var x = Input("N", 4);
        var y = what switch
        {
            "add0" => Graph.Add(new Add(), [Scalar(0), x]),
            "mul1" => Graph.Add(new Mul(), [x, Constant([1, 1, 1, 1], 4)]),
            "div1" => Graph.Add(new Div(), [x, Scalar(1)]),
            "sub0" => Graph.Add(new Sub(), [x, Scalar(0)]),
            "pow1" => Graph.Add(new Pow(), [x, Scalar(1)]),
            _ => Graph.Add(new Neg(), [Graph.Add(new Neg(), [x])]),
        };
        Module.Main = Graph.Build([Graph.Add(new Tanh(), [y])]);
        new PassManager(Context).Run(Module, [new PassGroup("all", [new SimplifyArithmetic(), new RemoveDeadCode()], 3)]);
        Assert.Equal(["Tanh"], Ops(Module.Main));
    }

    [Fact]
    public void Adding_a_zero_that_broadcasts_stays()
    {
        var y = Graph.Add(new Add(), [Input(1, 4), Constant([0, 0], 2, 1)]);
        Assert.Equal(["Add"], Ops(Run(new SimplifyArithmetic(), y)));
    }

    [Fact]
    public void Powers_become_products_and_roots()
    {
        var x = Input("N", 4);
        var y = Graph.Add(new Add(), [Graph.Add(new Pow(), [x, Scalar(2)]), Graph.Add(new Pow(), [x, Scalar(0.5f)])]);
        Assert.Equal(["Mul", "Sqrt", "Add"], Ops(Run(new SimplifyArithmetic(), y)));
        var z = Graph.Add(new Pow(), [x, Scalar(2.5f)]);
        Assert.Contains("Pow", Ops(Run(new SimplifyArithmetic(), z)));
    }

    [Fact]
    public void Division_by_a_constant_multiplies_but_not_by_zero()
    {
        var x = Input("N", 4);
        Assert.DoesNotContain(
            Run(new SimplifyArithmetic(), Graph.Add(new Div(), [x, Scalar(3)])).Outputs[0].Producer!.Op.Name, "Div");
        Assert.Equal("Div", Run(new SimplifyArithmetic(), Graph.Add(new Div(), [x, Scalar(0)])).Outputs[0].Producer!.Op.Name);
    }

    [Fact]
    public void Constants_of_sums_in_a_row_join()
    {
        var x = Input("N", 4);
        var y = Graph.Add(new Add(), [Graph.Add(new Add(), [x, Scalar(1)]), Constant([1, 2, 3, 4], 4)]);
        var after = Run(new SimplifyArithmetic(), y);
        Assert.Equal(2, Ops(after).Length - 1);
        Assert.Same(x, after.Outputs[0].Producer!.Inputs[0]);
    }

    [Fact]
    public void A_sum_that_others_read_is_not_joined()
    {
        var inner = Graph.Add(new Add(), [Input("N", 4), Constant([1, 2, 3, 4], 4)]);
        var y = Graph.Add(new Mul(), [inner, Graph.Add(new Add(), [inner, Scalar(3)])]);
        Assert.Equal(["Add", "Add", "Mul"], Ops(Run(new SimplifyArithmetic(), y)));
    }

    [Fact]
    public void The_same_bound_twice_is_one()
    {
        var zero = Scalar(0);
        var inner = Graph.Add(new Max(), [Input("N", 4), zero]);
        Assert.Same(inner, Run(new SimplifyArithmetic(), Graph.Add(new Max(), [inner, zero])).Outputs[0]);
        Assert.Equal(["Max", "Max"], Ops(Run(new SimplifyArithmetic(), Graph.Add(new Max(), [inner, Scalar(1)]))));
    }

    [Fact]
    public void Views_of_views_merge()
    {
        var x = Input("N", 4, 6);
        var a = Graph.Add(new Reshape(Shape("N", 24)), [x]);
        var b = Graph.Add(new Reshape(Shape("N", 2, 12)), [a]);
        var c = Graph.Add(new Transpose([1, 0, 2]), [b]);
        var d = Graph.Add(new Transpose([2, 1, 0]), [c]);
        var after = Run(new MergeViews(), d);
        Assert.Equal(["Reshape", "Transpose"], Ops(new PassManager(Context).Run(new RemoveDeadCode(), after)));
    }

    [Fact]
    public void Opposite_transposes_vanish()
    {
        var x = Input("N", 4, 6);
        var y = Graph.Add(new Transpose([0, 2, 1]), [Graph.Add(new Transpose([0, 2, 1]), [x])]);
        Assert.Same(x, Run(new MergeViews(), y).Outputs[0]);
    }

    [Fact]
    public void A_transpose_of_unit_axes_is_a_reshape()
    {
        var y = Graph.Add(new Transpose([0, 2, 1]), [Input("N", 1, 6)]);
        Assert.Equal(["Reshape"], Ops(Run(new MergeViews(), y)));
        var z = Graph.Add(new Transpose([0, 2, 1]), [Input("N", 2, 6)]);
        Assert.Contains("Transpose", Ops(Run(new MergeViews(), z)));
    }

    [Fact]
    public void Slices_merge_and_read_the_part_of_a_concatenation()
    {
        var (x, y) = (Input("N", 4), Input("N", 6));
        var joined = Graph.Add(new Concat(1), [x, y]);
        var (zero, one) = (Module.Dims.Zero, Module.Dims.One);
        var part = Graph.Add(new Slice([zero, one * 5], [one, one], Shape("N", 4)), [joined]);
        var inner = Graph.Add(new Slice([zero, one], [one, one * 2], Shape("N", 2)), [part]);
        var after = new PassManager(Context).Run(new RemoveDeadCode(), Run(new MergeViews(), inner));
        Assert.Equal(["Slice"], Ops(after));
        Assert.Same(y, after.Nodes[0].Inputs[0]);

        var across = Graph.Add(new Slice([zero, one * 3], [one, one], Shape("N", 4)), [joined]);
        Assert.Contains("Concat", Ops(new PassManager(Context).Run(new RemoveDeadCode(), Run(new MergeViews(), across))));
    }

    [Fact]
    public void Implicit_broadcasts_need_no_node_but_growing_ones_do()
    {
        var x = Input("N", 4);
        var wide = Graph.Add(new Broadcast(Shape("N", 4)), [Constant([1, 2, 3, 4], 4)]);
        var y = Graph.Add(new Add(), [x, wide]);
        Assert.Same(Graph.Nodes[0].Output, Run(new RemoveBroadcasts(), y).Outputs[0].Producer!.Inputs[1]);

        var row = Graph.Add(new Broadcast(Shape("N", 4)), [Constant([1, 2, 3, 4], 4)]);
        var z = Graph.Add(new Add(), [Constant([1], 1), row]);
        Assert.IsType<Broadcast>(Run(new RemoveBroadcasts(), z).Outputs[0].Producer!.Inputs[1].Producer!.Op);
    }

    [Fact]
    public void A_constant_condition_decides_a_selection()
    {
        var (x, y) = (Input("N", 4), Input("N", 4));
        var yes = Graph.Add(new Constant(Tensor.Scalar(ElementType.Bool, 1)), []);
        Assert.Same(x, Run(new SimplifySelections(), Graph.Add(new Where(), [yes, x, y])).Outputs[0]);
        var mixed = Graph.Add(new Constant(Tensor.FromSpan<byte>(ElementType.Bool, [1, 0, 0, 1], 4)), []);
        Assert.Contains("Where", Ops(Run(new SimplifySelections(), Graph.Add(new Where(), [mixed, x, y]))));
    }

    [Fact]
    public void Lossless_casts_merge_and_others_stay()
    {
        var x = Input("N", 4);
        var there = Graph.Add(new Cast(ElementType.Float32), [Graph.Add(new Cast(ElementType.Float64), [x])]);
        Assert.Same(x, Run(new SimplifySelections(), there).Outputs[0]);
        var lossy = Graph.Add(new Cast(ElementType.Float32), [Graph.Add(new Cast(ElementType.Int32), [x])]);
        Assert.Equal(2, Ops(Run(new SimplifySelections(), lossy)).Count(o => o == "Cast") - 1);
    }

    [Fact]
    public void A_gather_of_one_index_is_a_slice()
    {
        var x = Input("N", 4, 3);
        var y = Graph.Add(new Gather(1), [x, Graph.Add(new Constant(Tensor.Scalar(-1)), [])]);
        Assert.Equal(["Slice", "Reshape"], Ops(Run(new SimplifySelections(), y)));
        var z = Graph.Add(new Gather(0), [x, Graph.Add(new Constant(Tensor.Scalar(0)), [])]);
        Module.Main = Graph.Build([z]);
        Assert.Contains("Gather", Ops(new PassManager(Context).Run(new SimplifySelections(), Module.Main)));
    }

    [Fact]
    public void Batch_normalisation_goes_into_the_weights_of_a_convolution()
    {
        var x = Input("N", 2, 5, 5);
        var w = Constant([.. Enumerable.Range(0, 3 * 2 * 9).Select(i => (i % 5) - 2f)], 3, 2, 3, 3);
        var zero = Module.Dims.Zero;
        var conv = Graph.Add(new Conv([1, 1], [1, 1], [zero, zero], [zero, zero], 1, ElementType.Float32), [x, w]);
        var biased = Graph.Add(new Add(), [conv, Constant([1, 2, 3], 3, 1, 1)]);
        var scaled = Graph.Add(new Mul(), [biased, Constant([2, 3, 4], 1, 3, 1, 1)]);
        var y = Graph.Add(new Add(), [scaled, Constant([5, 6, 7], 3, 1, 1)]);
        Module.Main = Graph.Build([y]);
        var folded = Run(new FoldScaleIntoWeights(), y);
        Module.Main = folded;
        new PassManager(Context).Run(Module, [Pipeline.Simplify()]);
        Assert.Equal(["Conv", "Add"], Ops(Module.Main));
    }

    [Fact]
    public void A_scale_stays_when_the_product_has_another_reader()
    {
        var x = Input("N", 4);
        var product = Graph.Add(new MatMul(ElementType.Float32), [x, Constant([.. Enumerable.Repeat(1f, 12)], 4, 3)]);
        var y = Graph.Add(new Mul(), [product, Constant([1, 2, 3], 3)]);
        Assert.Equal(["MatMul", "Mul"], Ops(Run(new FoldScaleIntoWeights(), y, product)));
        var single = Ops(Run(new FoldScaleIntoWeights(), y));
        Assert.Equal(2, single.Length - 1);
    }

    [Fact]
    public void A_guard_simplifies_sizes_and_reads_as_a_person_says_it()
    {
        Input("N");
        var n = Dim("N");
        var table = Constant([.. Enumerable.Range(0, 8).Select(i => (float)i)], 8);
        var (zero, one) = (Module.Dims.Zero, Module.Dims.One);
        var slice = Graph.Add(new Slice([zero], [one], new Shape([n.Min(8)])), [table]);
        var y = Graph.Add(new Tanh(), [slice]);
        Assert.Contains("min", Run(new SimplifyDims(), y).Outputs[0].Type.ToString());
        Module.Facts.Require(n, Dlc.IR.Symbolic.Relation.Equal, n.Min(8), "a test");
        Assert.Equal("N <= 8", $"{Module.Facts.Guards[0].Left} <= {Module.Facts.Guards[0].Right}");
        Assert.Equal("f32[N]", Run(new SimplifyDims(), y).Outputs[0].Type.ToString());
    }

    [Fact]
    public void A_long_chain_takes_near_linear_time()
    {
        var x = Input("N", 4);
        var value = x;
        for (var i = 0; i < 100_000; i++)
        {
            value = (i % 4) switch
            {
                0 => Graph.Add(new Tanh(), [value]),
                1 => Graph.Add(new Neg(), [value]),
                2 => Graph.Add(new Add(), [value, value]),
                _ => Graph.Add(new Transpose([1, 0]), [value]),
            };
        }

        Module.Main = Graph.Build([value]);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.True(new PassManager(Context).Run(Module, [Pipeline.Simplify()]));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
    }
}
