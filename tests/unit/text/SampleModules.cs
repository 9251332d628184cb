using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Tests.Unit.Text;

/// <summary>Small modules that use every part of the text form.</summary>
internal static class SampleModules
{
    /// <summary>A dense layer over two symbolic dims, with facts of every relation, a guard and likely values.</summary>
    public static Module Dense()
    {
        var module = new Module("dense \"layer\"\n");
        var b = module.Facts.NewDim("B", 1, 64, "user");
        var s = module.Facts.NewDim("seq len", 1, source: "model");
        var k = module.Facts.NewDim("in", 1, source: "a keyword is a name too");
        module.Facts.Assume(s, Relation.Divisible, module.Dims.Const(8), "user");
        module.Facts.Assume(b, Relation.Less, s * 100, "user");
        module.Facts.Assume(k, Relation.Equal, 2 * s.FloorDiv(4), "test");
        module.Facts.AssumeLikely(s, [128, 512], "user");
        module.OutputNames = ["y", "out \u00e4\ud83d\ude00"];
        var graph = new GraphBuilder(module);
        var x = graph.Input(new TensorType(ElementType.Float32, [b, s]), "x");
        var half = graph.Input(new TensorType(ElementType.Float16, []));
        var weight = graph.Add(new Constant(Tensor.FromSpan<float>(ElementType.Float32, [1.5f, -0f, float.NaN, float.PositiveInfinity, 1e-45f, 3], 3, 2)), [], ["w"]);
        var large = graph.Add(new Constant(new Tensor(ElementType.Int8, 10, 20)), []);
        var y = graph.Add(new Add(), [x, graph.Add(new Broadcast([b, s]), [graph.Add(new Cast(ElementType.Float32), [half])])], ["add_1", "add \"2\""], "y");
        module.Facts.Require(b * s, Relation.LessOrEqual, module.Dims.Const(4096), "tile");
        var shaped = graph.Add(new Reshape([b * s.FloorDiv(8), module.Dims.Const(8)]), [y]);
        _ = shaped;
        module.Main = graph.Build([y, weight, large]);
        return module;
    }

    /// <summary>A fused region, a size that comes from data, and operators with long attribute lists.</summary>
    public static Module Regions()
    {
        var module = new Module("regions");
        var b = module.Facts.NewDim("B");
        var n = module.Facts.NewDim("n0");
        var graph = new GraphBuilder(module);
        var x = graph.Input(new TensorType(ElementType.Float32, [b, module.Dims.Const(4)]), "x");
        var count = graph.Input(new TensorType(ElementType.Int64, []), "count");
        graph.AddNode(new BindDim(n), [count]);
        var inner = new GraphBuilder(module);
        var p = inner.Input(x.Type);
        var region = inner.Build([inner.Add(new Exp(), [inner.Add(new Neg(), [p], ["neg"])], ["exp"], "e")]);
        var fused = graph.AddNode(new Fused(FusionKind.Loop), [x], [region], ["neg", "exp"]);
        var iota = graph.Add(new Iota(ElementType.Int64, [n], 0), []);
        var image = graph.Input(new TensorType(ElementType.Float32, [b, module.Dims.Const(3), module.Dims.Const(32), module.Dims.Const(32)]));
        var resized = graph.Add(
            new Resize
            {
                Mode = ResizeMode.Linear, Coordinates = default, Axes = [2, 3],
                To = [b, module.Dims.Const(3), module.Dims.Const(64), module.Dims.Const(48)], Scales = [2, 1.5],
            },
            [image]);
        module.Main = graph.Build([fused.Output, iota, resized]);
        return module;
    }

    /// <summary>A branch whose sides know more than the graph around them and disagree on a size.</summary>
    public static Module Branch()
    {
        var module = new Module("branch");
        var (b, s) = (module.Facts.NewDim("B", 1), module.Facts.NewDim("S", 1));
        var (rows, columns) = (module.Facts.NewDim("rows"), module.Facts.NewDim("columns"));
        module.Facts.Require(b, Relation.LessOrEqual, s, "outside");
        var graph = new GraphBuilder(module);
        var condition = graph.Input(new TensorType(ElementType.Bool, []), "condition");
        var x = graph.Input(new TensorType(ElementType.Float32, [b, s]), "x");
        var then = new GraphBuilder(module, module.Facts.Clone());
        then.Facts.Require(s, Relation.Divisible, module.Dims.Const(4), "inside");
        var thenBody = then.Build([then.Add(new Reshape([b * s.FloorDiv(4), module.Dims.Const(4)]), [x])]);
        var otherwise = new GraphBuilder(module, module.Facts.Clone());
        otherwise.Facts.Require(s, Relation.Equal, module.Dims.Const(4), "inside");
        var inner = new GraphBuilder(module, otherwise.Facts);
        var p = inner.Input(x.Type);
        var innerBody = inner.Build([inner.Add(new Neg(), [p])]);
        var otherwiseBody = otherwise.Build([otherwise.AddNode(new Fused(FusionKind.Loop), [x], [innerBody]).Output]);
        var node = graph.AddNode(new If([[rows, columns]]), [condition], [thenBody, otherwiseBody], ["if"]);
        var y = graph.Add(new Exp(), [node.Output]);
        module.Facts.AssumeLikely(b, [1], "later");
        module.Facts.Assume(s, Relation.LessOrEqual, module.Dims.Const(99), "later");
        module.Main = graph.Build([y]);
        return module;
    }
}
