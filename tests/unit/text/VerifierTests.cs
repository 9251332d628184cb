using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Text;
using Xunit;

namespace Dlc.Tests.Unit.Text;

public sealed class VerifierTests
{
    [Theory]
    [InlineData("graph(%0: f32[N]) { %1 = Neg(%0) : f32[M] #0 return %1 }", "but its operator gives f32[N]")]
    [InlineData("graph(%0: f32[N], %2: f32[M]) { %1 = Neg(%0) : f32[M] #0 return %1 }", "but its operator gives f32[N]")]
    [InlineData("graph(%0: f32[N]) { %1 = Neg(%0) : f64[N] #0 return %1 }", "but its operator gives f32[N]")]
    [InlineData("graph(%0: f32[N], %2: bool[N]) { %1 = Neg(%2) : bool[N] #0 return %1 }", "does not fit its inputs")]
    [InlineData("graph(%0: f32[2, 3]) { %1 = Reshape<To = [K]>(%0) : f32[K] #0 return %1 }", "K has no value")]
    public void Broken_graphs_are_found(string graph, string message)
    {
        var module = GraphParser.Parse($"module \"m\" {{ {graph} }}");
        var error = Assert.Throws<InternalCompilerException>(() => Verifier.Verify(module.Main, "test pass"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("test pass", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("graph(%0: f32[N]) { %1 = Neg(%0) : f32[N] #0 return %1 }")]
    [InlineData("symbol N, M fact M == N from \"test\" graph(%0: f32[N]) { %1 = Neg(%0) : f32[M] #0 return %1 }")]
    [InlineData("graph(%0: f32[2], %3: i64) { BindDim<Symbol = K>(%3) #1 %1 = Broadcast<To = [K, 2]>(%0) : f32[K, 2] #0 return %1 }")]
    public void Sound_graphs_pass(string graph)
    {
        Verifier.Verify(GraphParser.Parse($"module \"m\" {{ {graph} }}").Main);
    }

    [Fact]
    public void State_is_updated_after_it_was_read()
    {
        var text = """
            module "m" {
              symbol N
              graph(%0: f32[N], %1: f32[N]) {
                %2 = Neg(%0) : f32[N] #0
                %3 = Exp(%1) : f32[N] #1
                return %2, %3
                update 1 of 0
                order 0, 1
              }
            }
            """;
        var module = GraphParser.Parse(text);
        Verifier.Verify(module.Main);
        Assert.Equal(new StateUpdate(1, 0), Assert.Single(module.Main.Updates));
        Assert.Equal(GraphPrinter.Print(module), GraphPrinter.Print(GraphParser.Parse(GraphPrinter.Print(module))));
        Assert.Equal([0], NodeOrder.Predecessors(module.Main)[1]);

        var wrong = GraphParser.Parse(text.Replace("order 0, 1", "order 1, 0", StringComparison.Ordinal));
        Assert.Throws<InternalCompilerException>(() => Verifier.Verify(wrong.Main));
        Assert.Throws<DlcException>(() => GraphParser.Parse(text.Replace("update 1 of 0", "update 1 of 2", StringComparison.Ordinal)));
        var other = GraphParser.Parse(text.Replace("%1: f32[N]", "%1: f32[N, 2]", StringComparison.Ordinal)
            .Replace("%3 = Exp(%1) : f32[N]", "%3 = Exp(%1) : f32[N, 2]", StringComparison.Ordinal));
        Assert.Throws<InternalCompilerException>(() => Verifier.Verify(other.Main));
    }

    private const string TwoChains = """
        graph(%0: f32[N], %1: i64) {
          %2 = Neg(%0) : f32[N] #0
          %3 = Exp(%0) : f32[N] #1
          %4 = Add(%2, %3) : f32[N] #2
          BindDim<Symbol = K>(%1) #3
          %5 = Iota<Element = f32, To = [K], Axis = 0>() : f32[K] #4
          return %4, %5
        """;

    [Theory]
    [InlineData("1, 0, 2, 3, 4")]
    [InlineData("3, 4, 1, 0, 2")]
    public void Orders_that_keep_dependencies_pass(string order)
    {
        var text = $"module \"m\" {{ {TwoChains} order 0, 1, 2, 3, 4 order {order} }} }}";
        var module = GraphParser.Parse(text);
        Verifier.Verify(module.Main);
        Assert.Equal(order, string.Join(", ", module.Main.AlternativeOrders[1]));
        Assert.Contains($"\n    order {order}\n", GraphPrinter.Print(module), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2, 0, 1, 3, 4")]
    [InlineData("4, 0, 1, 2, 3")]
    [InlineData("0, 1, 2, 4, 3")]
    public void Orders_that_break_dependencies_are_found(string order)
    {
        var module = GraphParser.Parse($"module \"m\" {{ {TwoChains} order {order} }} }}");
        var error = Assert.Throws<InternalCompilerException>(() => Verifier.Verify(module.Main, "test pass"));
        Assert.Contains("comes before a node that it needs", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0, 1, 2, 3")]
    [InlineData("0, 1, 2, 3, 3")]
    [InlineData("0, 1, 2, 3, 5")]
    public void Orders_that_are_no_permutation_are_refused(string order)
    {
        var error = Assert.Throws<DlcException>(() => GraphParser.Parse($"module \"m\" {{ {TwoChains} order {order} }} }}"));
        Assert.Contains("expected each number from 0 to 4 once", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Verifying_teaches_no_facts()
    {
        var module = SampleModules.Dense();
        var (facts, guards) = (module.Facts.All.Count, module.Facts.Guards.Count);
        Verifier.Verify(module.Main);
        Assert.Equal((facts, guards), (module.Facts.All.Count, module.Facts.Guards.Count));
    }

    [Fact]
    public void Values_of_a_region_are_not_seen_outside()
    {
        var error = Assert.Throws<DlcException>(() => GraphParser.Parse(
            "module \"m\" { graph(%0: f32) { %1 = Fused<Kind = Loop>(%0) : f32 { graph(%2: f32) { %3 = Neg(%2) : f32 #0 return %3 } } #1 return %3 } }"));
        Assert.Contains("expected a value defined before, found %3", error.Message, StringComparison.Ordinal);
    }
}
