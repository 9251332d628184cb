using System.Collections.Immutable;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Text;
using Dlc.Passes;
using Dlc.Passes.Scheduling;
using Xunit;

namespace Dlc.Tests.Unit.Scheduling;

public sealed class ScheduleNodesTests
{
    private static readonly MachineModel Machine = new()
    {
        Name = "test", VectorBytes = 32, VectorRegisters = 16, TileRows = 6, TileColumns = 16, RowTileColumns = 16, L1Bytes = 32768, L2Bytes = 1 << 20,
    };

    /// <summary>Two halves, each of which makes a wide tensor and picks rows from it: which half is better first depends on N and M.</summary>
    private const string TwoHalves = """
        module "m" {
          symbol N, M
          fact 1 <= N from "test"
          fact 1 <= M from "test"
          graph(%0 "x": f32[N, 4], %1 "i": i64[M], %2 "y": f32[4, M], %3 "j": i64[N], %4 "w": f32[4, 50], %9 "v": f32[50, 4]) {
            %5 = MatMul<Accumulator = f32>(%0, %4) : f32[N, 50] #0
            %6 = MatMul<Accumulator = f32>(%9, %2) : f32[50, M] #1
            %7 = Gather<Axis = 0>(%5, %1) : f32[M, 50] #2
            %8 = Gather<Axis = 1>(%6, %3) : f32[50, N] #3
            %10 = MatMul<Accumulator = f32>(%7, %8) : f32[M, N] #5
            return %10
          }
        }
        """;

    [Fact]
    public void Branches_run_one_after_the_other()
    {
        var module = new Module("m");
        var n = module.Facts.NewDim("n", 1);
        var g = new GraphBuilder(module);
        var x = g.Input(new TensorType(ElementType.Float32, [n, module.Dims.Const(8)]));
        var w = g.Input(new TensorType(ElementType.Float32, [module.Dims.Const(8), module.Dims.Const(64)]));
        var v = g.Input(new TensorType(ElementType.Float32, [module.Dims.Const(64), module.Dims.Const(2)]));
        var wide = Enumerable.Range(0, 6).Select(_ => g.Add(new MatMul(ElementType.Float32), [x, w])).ToArray();
        var narrow = wide.Select(t => g.Add(new MatMul(ElementType.Float32), [t, v])).ToArray();
        module.Main = g.Build([narrow.Aggregate((a, b) => g.Add(new Add(), [a, b]))]);
        var before = Peak(module.Main, n, 100);
        var after = Run(module);

        // Six wide results at once against one of them beside the sum.
        Assert.Equal(6 * 100 * 64 * 4, before - (100 * 2 * 4));
        Assert.InRange(Peak(after, n, 100), 100 * 66 * 4, (100 * 64 * 4) + (4 * 100 * 2 * 4));
        Assert.Same(after, new ScheduleNodes().Run(after, new PassContext(Machine)));
    }

    [Fact]
    public void Orders_that_win_at_other_dims_are_kept_and_all_compute_the_same()
    {
        var module = GraphParser.Parse(TwoHalves);
        var inputs = Inputs(module, 5, 3);
        var expected = new GraphEvaluator(module).Run(inputs);
        var graph = Run(module);
        Assert.NotEmpty(graph.AlternativeOrders);
        var (n, m) = (module.Dims.Symbol("N"), module.Dims.Symbol("M"));
        foreach (var (first, second) in ((long, long)[])[(1000, 10), (10, 1000)])
        {
            // One of the wide tensors, what is picked from it, and what is picked from the other one: never both wide ones.
            var dims = new IR.Symbolic.DimEvaluator(module.Dims).Bind(n, first).Bind(m, second);
            var problem = new GraphProblem(graph, Machine).Problem;
            var peaks = Orders(graph).Select(order => Scheduler.Peak(problem, order, dims)).ToList();
            Assert.Equal(200 * ((2 * Math.Min(first, second)) + Math.Max(first, second)), peaks.Min());
            Assert.True(peaks.Max() > 1.5 * peaks.Min(), $"the orders need {string.Join(", ", peaks)} bytes");
        }

        var text = GraphPrinter.Print(module);
        Assert.Equal(text, GraphPrinter.Print(GraphParser.Parse(text)));

        var program = Passes.Lowering.Lowering.Run(graph, Machine);
        Assert.Equal(graph.AlternativeOrders.Length, program.Orders.Count);
        foreach (var order in program.Orders)
        {
            Assert.True(Graph.IsPermutation(order.AsSpan(), program.Steps.Count));
            List<Step> steps = [.. order.Select(step => program.Steps[step])];
            program.Steps.Clear();
            program.Steps.AddRange(steps);
            var actual = new ProgramInterpreter(module.Dims).Run(program, inputs);
            for (var e = 0L; e < expected[0].Count; e++)
            {
                Assert.Equal(expected[0].GetDouble(e), actual[0].GetDouble(e), 1e-4);
            }
        }
    }

    [Fact]
    public void An_edit_drops_the_orders()
    {
        var module = GraphParser.Parse(TwoHalves);
        var graph = Run(module);
        var edit = new GraphEdit(graph, "test");
        foreach (var node in graph.Nodes)
        {
            edit.Keep(node);
        }

        Assert.Same(graph, edit.Commit());
        edit.Add(new Neg(), [graph.Inputs[0]], []);
        Assert.Empty(edit.Commit().AlternativeOrders);
    }

    [Fact]
    public void Regions_are_ordered_too()
    {
        const string text = """
            module "m" {
              symbol N
              graph(%0 "c": bool, %1 "x": f32[N, 8], %2 "w": f32[8, 64], %3 "v": f32[64, 2]) {
                %4 = If<Shapes = [[N, 2]]>(%0) : f32[N, 2] {
                  graph() {
                    %5 = MatMul<Accumulator = f32>(%1, %2) : f32[N, 64] #1
                    %6 = MatMul<Accumulator = f32>(%1, %2) : f32[N, 64] #2
                    %7 = MatMul<Accumulator = f32>(%5, %3) : f32[N, 2] #3
                    %8 = MatMul<Accumulator = f32>(%6, %3) : f32[N, 2] #4
                    %9 = Add(%7, %8) : f32[N, 2] #5
                    return %9
                  }
                } {
                  graph() {
                    %10 = MatMul<Accumulator = f32>(%1, %2) : f32[N, 64] #6
                    %11 = MatMul<Accumulator = f32>(%10, %3) : f32[N, 2] #7
                    return %11
                  }
                } #0
                %12 = Neg(%4) : f32[N, 2] #8
                return %12
              }
            }
            """;
        var module = GraphParser.Parse(text);
        var graph = Run(module);
        Assert.Equal([1, 3, 2, 4, 5], graph.Nodes[0].Regions[0].Nodes.Select(node => node.Id.Value));
        Assert.Equal([6, 7], graph.Nodes[0].Regions[1].Nodes.Select(node => node.Id.Value));
        Assert.Equal(["If", "Neg"], graph.Nodes.Select(node => node.Op.Name));
    }

    [Fact]
    public void What_relies_on_a_size_from_data_stays_behind_it()
    {
        // Memory would be saved by making the wide tensor after the count is read; %6 may not come before it.
        const string text = """
            module "m" {
              symbol N, K
              graph(%0 "x": f32[N, 8], %1 "w": f32[8, 64], %2 "v": f32[64, 2], %3 "count": i64) {
                %4 = MatMul<Accumulator = f32>(%0, %1) : f32[N, 64] #0
                BindDim<Symbol = K>(%3) #1
                %5 = Iota<Element = f32, To = [K, 64], Axis = 0>() : f32[K, 64] #2
                %6 = MatMul<Accumulator = f32>(%5, %2) : f32[K, 2] #3
                %7 = MatMul<Accumulator = f32>(%4, %2) : f32[N, 2] #4
                return %6, %7
              }
            }
            """;
        var module = GraphParser.Parse(text);
        var graph = Run(module);
        var ids = graph.Nodes.Select(node => node.Id.Value).ToList();
        Assert.True(ids.IndexOf(2) > ids.IndexOf(1) && ids.IndexOf(3) > ids.IndexOf(1) && ids.IndexOf(4) > ids.IndexOf(1));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public void Alternative_orders_keep_to_the_places_that_the_first_one_gave(int half)
    {
        // What one half makes binds K. If the first order has the other half behind that, with the view that it reads, none has it before.
        var text = TwoHalves
            .Replace("symbol N, M", "symbol N, M, K", StringComparison.Ordinal)
            .Replace("f32[50, 4])", "f32[50, 4], %11 \"at\": i64)", StringComparison.Ordinal)
            .Replace("%0 \"x\": f32[N, 4]", "%0 \"x\": f32[4*N]", StringComparison.Ordinal)
            .Replace("%5 = MatMul<Accumulator = f32>(%0, ", "%12 = Reshape<To = [N, 4]>(%0) : f32[N, 4] #6\n    %5 = MatMul<Accumulator = f32>(%12, ", StringComparison.Ordinal)
            .Replace("%2 \"y\": f32[4, M]", "%2 \"y\": f32[4*M]", StringComparison.Ordinal)
            .Replace("MatMul<Accumulator = f32>(%9, %2)", "MatMul<Accumulator = f32>(%9, %13)", StringComparison.Ordinal)
            .Replace("%6 = MatMul", "%13 = Reshape<To = [4, M]>(%2) : f32[4, M] #7\n    %6 = MatMul", StringComparison.Ordinal)
            .Replace("%10 = MatMul", $"""
                %14 = Gather<Axis = 0>(%{half}, %11) : f32[{(half == 7 ? 50 : "N")}] #8
                %15 = Gather<Axis = 0>(%14, %11) : f32 #9
                %16 = Cast<To = i64>(%15) : i64 #10
                BindDim<Symbol = K>(%16) #11
                %10 = MatMul
                """, StringComparison.Ordinal);
        var module = GraphParser.Parse(text);
        var graph = Run(module);
        var predecessors = NodeOrder.Predecessors(graph);
        Assert.All(graph.AlternativeOrders, order => Assert.Null(NodeOrder.FirstMisplaced(predecessors, order.AsSpan())));
    }

    [Fact]
    public void Readers_of_the_old_content_of_state_stay_before_the_new_one()
    {
        const string text = """
            module "m" {
              symbol N
              graph(%0 "state": f32[N, 4], %1 "x": f32[N, 4], %2 "w": f32[4, 64], %3 "v": f32[64, 4]) {
                %4 = Reshape<To = [4*N]>(%0) : f32[4*N] #0
                %5 = Exp(%4) : f32[4*N] #1
                %6 = MatMul<Accumulator = f32>(%1, %2) : f32[N, 64] #2
                %7 = MatMul<Accumulator = f32>(%6, %3) : f32[N, 4] #3
                return %7, %5 update 0 of 0
              }
            }
            """;
        var module = GraphParser.Parse(text);
        var predecessors = NodeOrder.Predecessors(module.Main);
        Assert.Contains(1, predecessors[3]);
        var ids = Run(module).Nodes.Select(node => node.Id.Value).ToList();
        Assert.True(ids.IndexOf(1) < ids.IndexOf(3));
    }

    private static Graph Run(Module module)
    {
        module.Main = new PassManager(new PassContext(Machine)).Run(new ScheduleNodes(), module.Main);
        return module.Main;
    }

    private static long Peak(Graph graph, IR.Symbolic.Dim symbol, long value)
    {
        var problem = new GraphProblem(graph, Machine).Problem;
        return Scheduler.Peak(problem, [.. Enumerable.Range(0, problem.Steps.Length)], new IR.Symbolic.DimEvaluator(graph.Module.Dims).Bind(symbol, value));
    }

    /// <summary>All orders of a graph as orders of its steps; there are no views or constants in it.</summary>
    private static IEnumerable<int[]> Orders(Graph graph) =>
        graph.AlternativeOrders.Select(o => o.ToArray()).Prepend([.. Enumerable.Range(0, graph.Nodes.Length)]);

    private static Tensor[] Inputs(Module module, long n, long m)
    {
        var dims = new IR.Symbolic.DimEvaluator(module.Dims).Bind("N", n).Bind("M", m);
        return [.. module.Main.Inputs.Select(input =>
        {
            var tensor = new Tensor(input.Type.Element, [.. input.Type.Shape.Dims.Select(dims.Evaluate)]);
            for (var i = 0L; i < tensor.Count; i++)
            {
                tensor.SetDouble(i, input.Type.Element == ElementType.Int64 ? i % 2 : (i % 7) - 3);
            }

            return tensor;
        })];
    }
}
