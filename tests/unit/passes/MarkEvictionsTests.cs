using System.Collections.Immutable;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Text;
using Dlc.Passes;
using Dlc.Passes.Rematerialization;
using Xunit;

namespace Dlc.Tests.Unit.Rematerialization;

public sealed class MarkEvictionsTests
{
    /// <summary>A small step forth and back: %1 and %2 lie idle until the gradient needs them; %3 is tiny.</summary>
    private const string ForthAndBack = """
        module "m" {
          symbol N fact 4096 <= N from "test"
          graph(%0: f32[N]) {
            %1 = Exp(%0) : f32[N] #0
            %2 = Sin(%1) : f32[N] #1
            %3 = Cos(%2) : f32[N] #2
            %4 = Sqrt(%3) : f32[N] #3
            %5 = Reshape<To = [1, N]>(%2) : f32[1, N] #4
            %6 = Reshape<To = [1, N]>(%4) : f32[1, N] #5
            %7 = Mul(%5, %6) : f32[1, N] #6
            %8 = Reshape<To = [N]>(%7) : f32[N] #7
            %9 = Mul(%1, %8) : f32[N] #8
            return %9
          }
        }
        """;

    [Fact]
    public void IdleValuesAreMarkedWithTheirRecomputation()
    {
        var module = GraphParser.Parse(ForthAndBack);
        module.Main = Run(module.Main, marks: true);
        Verifier.Verify(module.Main);
        var marks = module.Main.Nodes.Where(n => n.Op is Regenerate).ToList();

        // %1 between its reader %2 and %9, %2 (read as the view %5) between %3 and %7.
        Assert.Equal(2, marks.Count);
        Assert.All(marks, m => Assert.Equal("4*N", ((Regenerate)m.Op).Bytes.ToString()));
        var (ofTwo, ofOne) = ((Regenerate)marks[0].Op, (Regenerate)marks[1].Op);
        Assert.Equal(1, ofOne.Recomputed);
        Assert.Equal(1, ofTwo.Recomputed);

        var text = GraphPrinter.Print(module);
        var again = GraphParser.Parse(text);
        Verifier.Verify(again.Main);
        Assert.Equal(text, GraphPrinter.Print(again));
    }

    [Fact]
    public void WithoutALimitNothingIsMarked()
    {
        var module = GraphParser.Parse(ForthAndBack);
        Assert.Same(module.Main, Run(module.Main, marks: false));
    }

    [Fact]
    public void WhatMayNotRunAgainOnlyMovesOutside()
    {
        // What a branch decides is one step of its own; it is not run twice.
        var module = GraphParser.Parse(ForthAndBack
            .Replace("graph(%0: f32[N])", "graph(%0: f32[N], %10: bool)", StringComparison.Ordinal)
            .Replace("%2 = Sin(%1) : f32[N] #1", """
                %2 = If<Shapes = [[N]]>(%10) : f32[N] {
                  graph() { %11 = Sin(%1) : f32[N] #9 return %11 }
                } {
                  graph() { %12 = Neg(%1) : f32[N] #10 return %12 }
                } #1
                """, StringComparison.Ordinal));
        var after = Run(module.Main, marks: true);
        Assert.Contains(after.Nodes, n => n.Op is Regenerate { Recomputed: 0 });
    }

    [Fact]
    public void ARegenerateWithoutItsEvictIsRefused()
    {
        var text = """module "m" { symbol N graph(%0: f32[N]) { %1 = Regenerate<Bytes = 4*N, Recomputed = 1>(%0) : f32[N] #0 return %1 } }""";
        var module = GraphParser.Parse(text);
        Assert.Contains("Evict", Assert.ThrowsAny<Exception>(() => Verifier.Verify(module.Main)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AlternativeOrdersSurviveWithTheirSteps()
    {
        var module = GraphParser.Parse("""
            module "m" {
              symbol N fact 4096 <= N from "test"
              graph(%0: f32[N]) {
                %1 = Exp(%0) : f32[N] #0
                %2 = Sin(%1) : f32[N] #1
                %3 = Cos(%2) : f32[N] #2
                %4 = Sqrt(%1) : f32[N] #3
                %5 = Neg(%1) : f32[N] #4
                %6 = Mul(%4, %3) : f32[N] #5
                %7 = Mul(%6, %5) : f32[N] #6
                return %7
              }
            }
            """);
        var order = ImmutableArray.Create(0, 4, 3, 1, 2, 5, 6);
        var plain = module.Main.WithAlternativeOrders([order]);
        var after = Run(plain, marks: true);
        module.Main = after;
        Verifier.Verify(after);
        Assert.Contains(after.Nodes, n => n.Op is Regenerate);
        var again = Assert.Single(after.AlternativeOrders);
        static bool Computes(Node node) => node.Op is not (Evict or Regenerate);
        Assert.Equal(order.Select(i => plain.Nodes[i].Op), again.Select(i => after.Nodes[i]).Where(Computes).Select(n => n.Op));
        Assert.Equal(after.Nodes.Length, again.Length);
    }

    private static Graph Run(Graph graph, bool marks)
    {
        var context = new PassContext(new IR.Kernels.MachineModel
        {
            Name = "test", VectorBytes = 32, VectorRegisters = 16, TileRows = 6, TileColumns = 16, RowTileColumns = 64, L1Bytes = 1 << 15, L2Bytes = 1 << 18,
        })
        {
            MarksEvictions = marks,
        };
        return new PassManager(context).Run(new MarkEvictions(), graph);
    }
}
