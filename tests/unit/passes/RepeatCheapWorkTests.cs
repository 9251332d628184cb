using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Passes;
using Dlc.Passes.Fusion;
using Dlc.Passes.Simplify;
using Dlc.Tests.Unit.Simplification;
using Xunit;

namespace Dlc.Tests.Unit.Fusion;

/// <summary>What the backward pass reads is computed again where that is cheap, and nothing else is.</summary>
public sealed class RepeatCheapWorkTests : PassTestBase
{
    private Value _weight = null!;

    [Fact]
    public void Of_a_gated_unit_only_the_products_wait()
    {
        var after = RunOn(new RepeatCheapWork(), GatedUnit(isTrained: true));

        // The gate and what it opens, once for the product that follows, once for the kernel of the gradients and once for the product that reads it late.
        Assert.Equal(3, after.Nodes.Count(n => n.Op is Sigmoid));
        var stages = new LateUses(after);
        var waiting = after.Nodes.SelectMany(n => n.Outputs).Where(v => stages.Users(v).Any(u => stages.IsLateUse(v, u)) && !stages.IsLate(v)).ToList();
        Assert.All(waiting, v => Assert.IsType<MatMul>(v.Producer!.Op));

        Module.Main = after;
        new PassManager(Context).Run(Module, [Pipeline.Fuse()]);
        var kernels = Module.Main.Nodes.Where(n => n.Op is Fused { Kind: FusionKind.MatMul } && n.Regions[0].Nodes.Any(m => m.Op is Sigmoid)).ToList();
        Assert.Equal(2, kernels.Count);
        Assert.Equal(2, kernels[0].Outputs.Length);
    }

    [Fact]
    public void Without_a_backward_pass_nothing_is_repeated()
    {
        var graph = GatedUnit(isTrained: false);
        Assert.Same(graph, RunOn(new RepeatCheapWork(), graph));
    }

    [Fact]
    public void A_value_whose_inputs_would_wait_instead_is_kept()
    {
        // Exp waits as it is: what it is made of is as large, and nobody else reads that late.
        var x = Input("N", 8);
        _weight = Graph.Input(new TensorType(ElementType.Float32, Shape(8, 8)), "w");
        var e = Graph.Add(new Exp(), [Product(x)]);
        var late = Product(Product(Product(e)));
        var graph = Trained(Graph.Add(new Mul(), [late, e]));
        Assert.Same(graph, RunOn(new RepeatCheapWork(), graph));
    }

    [Fact]
    public void Each_reader_makes_its_own_of_what_is_made_of_little()
    {
        var rows = Input("N", 1);
        var columns = Graph.Input(new TensorType(ElementType.Float32, Shape(1, 512)), "columns");
        _weight = Graph.Input(new TensorType(ElementType.Float32, Shape(512, 512)), "w");
        var picked = Graph.Add(new Where(), [Graph.Add(new Equal(), [columns, rows]), rows, Scalar(0)]);
        var sum = Graph.Add(new Reduce(ReduceKind.Sum, [1]), [picked]);
        var y = Product(Graph.Add(new Sub(), [picked, Graph.Add(new Mul(), [Graph.Add(new Exp(), [picked]), sum])]));
        var after = new PassManager(Context).Run(new RemoveDeadCode(), RunOn(new RepeatCheapWork(), Trained(y)));
        Assert.Equal(3, after.Nodes.Count(n => n.Op is Where));
        Assert.Equal(3, after.Nodes.Count(n => n.Op is Equal));
    }

    /// <summary>y = (silu(x G) * (x U)) D, then products, then gradients that read the unit's inside.</summary>
    private Graph GatedUnit(bool isTrained)
    {
        var x = Input("N", 8);
        _weight = Graph.Input(new TensorType(ElementType.Float32, Shape(8, 8)), "w");
        var (gate, up) = (Product(x), Graph.Add(new MatMul(ElementType.Float32), [x, Graph.Add(new Neg(), [_weight])]));
        var sigmoid = Graph.Add(new Sigmoid(), [gate]);
        var silu = Graph.Add(new Mul(), [gate, sigmoid]);
        var open = Graph.Add(new Mul(), [silu, up]);
        var back = Product(Product(Product(open)));
        var gradient = Graph.Add(new Mul(), [Graph.Add(new Mul(), [Graph.Add(new Mul(), [Graph.Add(new Mul(), [back, up]), gate]), sigmoid]), silu]);
        var weights = Graph.Add(new MatMul(ElementType.Float32), [Graph.Add(new Transpose([1, 0]), [open]), back]);
        return isTrained ? Trained(weights, Product(gradient)) : Graph.Build([weights, Product(gradient)]);
    }

    private Value Product(Value x) => Graph.Add(new MatMul(ElementType.Float32), [x, _weight]);

    private Graph Trained(params Value[] outputs)
    {
        var graph = Graph.Build([.. outputs, Graph.Add(new Neg(), [_weight])]);
        return graph.WithUpdates([new StateUpdate(outputs.Length, graph.Inputs.IndexOf(_weight))]);
    }
}
