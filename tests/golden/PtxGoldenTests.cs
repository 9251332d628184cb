using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.Passes;
using Dlc.Tests.Gpu;
using Xunit;

namespace Dlc.Tests.Golden;

/// <summary>PTX of a few kernels, to see in a diff what a change does to code.</summary>
public sealed class PtxGoldenTests
{
    [Fact]
    public void Elementwise_chain() => Check("ptx/elementwise.ptx", ElementType.Float32, (b, x) =>
        b.Add(new Mul(), [b.Add(new Sqrt(), [x]), x]), (m, n) => [n]);

    [Fact]
    public void Row_sum_by_a_warp() => Check("ptx/row-sum.ptx", ElementType.Float32, (b, x) =>
        b.Add(new Reduce(ReduceKind.Sum, [1]), [x]), (m, n) => [n, m.Dims.Const(64)]);

    [Fact]
    public void Attention_of_few_rows()
    {
        var (graph, _, _) = new AttentionCase(ElementType.Float16, 1, 1, 16, 16).Build();
        var launch = Passes.Lowering.Lowering.Run(AttentionCase.Fused(graph, PtxTarget.Sm80.Machine), PtxTarget.Sm80.Machine).Steps.OfType<LaunchStep>().Last();
        var image = PtxCompiler.Compile([launch.Alternatives[^1].Kernel], PtxTarget.Sm80, 1);
        Golden.Check("ptx/attention.ptx", PtxLaunch.Text(image, image.Kernels[0].Narrow));
    }

    private static void Check(string file, ElementType type, Func<GraphBuilder, Value, Value> write, Func<Module, Dlc.IR.Symbolic.Dim, Shape> shape)
    {
        var module = new Module("golden");
        var builder = new GraphBuilder(module);
        var x = builder.Input(new TensorType(type, shape(module, module.Facts.NewDim("n"))), "x");
        var context = new PassContext(PtxTarget.Sm80.Machine);
        var graph = new Passes.Fusion.FuseLoops().Run(new Passes.Fusion.FuseReductions().Run(builder.Build([write(builder, x)]), context), context);
        var kernel = Passes.Lowering.Lowering.Run(graph, PtxTarget.Sm80.Machine).Steps.OfType<LaunchStep>().Single().Kernel;
        var image = PtxCompiler.Compile([kernel], PtxTarget.Sm80, 1);
        Golden.Check(file, PtxLaunch.Text(image, image.Kernels[0].Narrow));
    }
}
