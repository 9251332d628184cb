using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.IR.Text;
using Dlc.Passes;
using Dlc.Passes.Scheduling;
using Xunit;

namespace Dlc.Tests.Unit.Fusion;

/// <summary>Fusion does not make more bytes wait for what a kernel reads last.</summary>
public sealed class FusionMemoryTests
{
    private static readonly MachineModel Machine = new()
    {
        Name = "test", VectorBytes = 32, VectorRegisters = 16, TileRows = 6, TileColumns = 16, RowTileColumns = 16, L1Bytes = 32768, L2Bytes = 1 << 20,
    };

    [Fact]
    public void A_small_result_waits_rather_than_its_large_inputs()
    {
        // The sum of values and indices has 256*N bytes, they have 768*N; the wide product of 4096*N bytes comes between the sum and its reader.
        var (graph, peak) = Compile(TopK("Add"));
        Assert.Contains(graph.Nodes, node => node.Op is Fused { Kind: FusionKind.Loop } && node.Inputs.All(v => v.Producer?.Op is Op op && op.Name == "TopK"));
        Assert.InRange(peak, 1, 1000 * (4096 + 256 + 256));
    }

    [Fact]
    public void Inputs_that_are_no_larger_are_read_by_the_late_kernel()
    {
        var (graph, peak) = Compile(TopK("Mul").Replace("%12 = Mul(%7, %11)", "%12 = Mul(%7, %7)", StringComparison.Ordinal));
        Assert.DoesNotContain(graph.Nodes, node => node.Op is Fused { Kind: FusionKind.Loop } && node.Inputs.All(v => v.Producer?.Op is Op op && op.Name == "TopK"));
        Assert.InRange(peak, 1, 1000 * (4096 + 256 + 256));
    }

    [Fact]
    public void A_product_whose_input_is_large_leaves_the_sum_to_the_other_one()
    {
        // Two branches of a residual block. The first listed would keep 2048*N bytes waiting for the second; that one keeps nothing waiting.
        const string text = """
            module "m" {
              symbol N
              fact 1 <= N from "test"
              graph(%0 "x": f32[N, 8], %1 "a": f32[8, 512], %2 "b": f32[512, 64], %3 "c": f32[8, 1024], %4 "d": f32[1024, 64]) {
                %5 = MatMul<Accumulator = f32>(%0, %1) : f32[N, 512] #0
                %6 = MatMul<Accumulator = f32>(%5, %2) : f32[N, 64] #1
                %7 = MatMul<Accumulator = f32>(%0, %3) : f32[N, 1024] #2
                %8 = MatMul<Accumulator = f32>(%7, %4) : f32[N, 64] #3
                %9 = Add(%6, %8) : f32[N, 64] #4
                %10 = Neg(%9) : f32[N, 64] #5
                return %10
              }
            }
            """;
        var (graph, peak) = Compile(text);
        Assert.Equal(4, graph.Nodes.Length);
        var last = graph.Nodes[^1];
        Assert.Contains(last.Inputs, value => value.Type.Shape[1].Is(1024));
        Assert.InRange(peak, 1, 1000 * (4096 + 256 + 256));
    }

    private static string TopK(string op) => $$"""
        module "m" {
          symbol N
          fact 1 <= N from "test"
          graph(%0 "x": f32[N, 64], %1 "y": f32[N, 8], %2 "v": f32[8, 1024], %3 "w": f32[1024, 64]) {
            %7, %8 = TopK<K = 64, Axis = 1, IsLargest = true>(%0) : f32[N, 64], i64[N, 64] #0
            %11 = Cast<To = f32>(%8) : f32[N, 64] #1
            %12 = {{op}}(%7, %11) : f32[N, 64] #2
            %13 = MatMul<Accumulator = f32>(%1, %2) : f32[N, 1024] #3
            %14 = Exp(%13) : f32[N, 1024] #4
            %15 = MatMul<Accumulator = f32>(%14, %3) : f32[N, 64] #5
            %16 = Transpose<Permutation = [1, 0]>(%15) : f32[64, N] #6
            %17 = Reshape<To = [N, 64]>(%16) : f32[N, 64] #7
            %18 = Sub(%12, %17) : f32[N, 64] #8
            %19 = Tanh(%18) : f32[N, 64] #9
            return %19
          }
        }
        """;

    /// <summary>Fuses and orders; gives the graph, without constants, and its peak for N = 1000.</summary>
    private static (Graph Graph, long Peak) Compile(string text)
    {
        var module = GraphParser.Parse(text);
        var manager = new PassManager(new PassContext(Machine));
        manager.Run(module, [Pipeline.Fuse(), Pipeline.Schedule()]);
        var problem = new GraphProblem(module.Main, Machine).Problem;
        var dims = new DimEvaluator(module.Dims).Bind("N", 1000);
        return (module.Main, Scheduler.Peak(problem, [.. Enumerable.Range(0, problem.Steps.Length)], dims));
    }
}
