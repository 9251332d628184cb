using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.IR.Text;
using Xunit;

namespace Dlc.Tests.Unit.Text;

public sealed class GraphTextTests
{
    [Fact]
    public void Modules_read_back_print_the_same_text()
    {
        foreach (var module in (Module[])[SampleModules.Dense(), SampleModules.Regions(), SampleModules.Branch()])
        {
            var resources = new TensorResources();
            var text = GraphPrinter.Print(module, resources);
            var again = GraphParser.Parse(text, resources);
            Assert.Equal(text, GraphPrinter.Print(again, resources));
            Assert.Equal(module.ValueCount, again.ValueCount);
            Assert.Equal(module.NodeCount, again.NodeCount);
            Assert.Equal(module.OutputNames, again.OutputNames);
            Assert.Equal(module.Facts.Guards.Count, again.Facts.Guards.Count);
            Verifier.Verify(module.Main);
            Verifier.Verify(again.Main);
        }
    }

    [Fact]
    public void Facts_read_back_prove_the_same()
    {
        var again = GraphParser.Parse(GraphPrinter.Print(SampleModules.Dense()), ResourcesOf(SampleModules.Dense()));
        var s = again.Dims.Symbol("seq len");
        Assert.Equal(Proof.True, again.Facts.ProveDivisible(s, 8));
        Assert.Equal(Proof.True, again.Facts.ProveDivisible(again.Dims.Symbol("in"), 4));
        Assert.Equal(Proof.True, again.Facts.ProveLessOrEqual(again.Dims.Symbol("B") * s, 4096));
        Assert.Equal([128L, 512], again.Facts.Likely(s));
    }

    [Fact]
    public void Equal_products_are_read_back()
    {
        const string text = """
            module "m" {
              symbol a, b, c, d
              fact 1 <= a from "test"
              fact a*b == c*d from "reshape"
              fact 12*a == d from "reshape"
              graph(%0 "x": f32[a, b]) {
                return %0
              }
            }
            """;
        var facts = GraphParser.Parse(GraphPrinter.Print(GraphParser.Parse(text))).Facts;
        var (a, b, c, d) = (facts.Context.Symbol("a"), facts.Context.Symbol("b"), facts.Context.Symbol("c"), facts.Context.Symbol("d"));
        Assert.Equal(Proof.True, facts.ProveEqual(5 * a * b, 5 * c * d));
        Assert.Equal(Proof.True, facts.ProveEqual(b, 12 * c));
        Assert.Equal(Proof.True, facts.ProveDivisible(d, 12));
        Assert.Equal(Proof.Unknown, facts.ProveEqual(a, c));
    }

    [Fact]
    public void Branches_keep_facts_and_guards_of_their_own()
    {
        var again = GraphParser.Parse(GraphPrinter.Print(SampleModules.Branch()));
        var branch = again.Main.Nodes[0];
        Assert.Equal("inside", Assert.Single(branch.Regions[0].Facts.OwnGuards).Reason);
        Assert.Equal("outside", Assert.Single(again.Facts.Guards).Reason);
        var s = again.Dims.Symbol("S");
        Assert.Equal(Proof.True, branch.Regions[0].Facts.ProveDivisible(s, 4));
        Assert.Equal(Proof.Unknown, again.Facts.ProveDivisible(s, 4));
        Assert.Same(branch.Regions[1].Facts, branch.Regions[1].Nodes[0].Regions[0].Facts);
    }

    [Fact]
    public void Constants_keep_every_bit()
    {
        var random = new Random(3);
        foreach (var element in Enum.GetValues<ElementType>())
        {
            var bytes = new byte[12 * element.Bytes()];
            random.NextBytes(bytes);
            var module = new Module("bits");
            var graph = new GraphBuilder(module);
            module.Main = graph.Build([graph.Add(new Constant(new Tensor(element, [3, 4], bytes)), [])]);
            var again = GraphParser.Parse(GraphPrinter.Print(module));
            Assert.Equal(bytes, ((Constant)again.Main.Nodes[0].Op).Tensor.Bytes.ToArray());
        }
    }

    [Fact]
    public void Every_operator_has_a_text_form()
    {
        foreach (var shape in OpCatalog.All)
        {
            foreach (var attribute in shape.Attributes)
            {
                Assert.True(
                    AttributePrinter.IsSupported(attribute.PropertyType), $"{shape.Type.Name}.{attribute.Name}: {attribute.PropertyType}");
            }
        }
    }

    [Fact]
    public void Large_tensors_are_saved_beside_the_text()
    {
        var folder = Directory.CreateTempSubdirectory("dlc-text").FullName;
        try
        {
            var resources = new TensorResources();
            var text = GraphPrinter.Print(SampleModules.Dense(), resources);
            resources.Save(folder);
            var again = GraphParser.Parse(text, new TensorResources(folder));
            Assert.Equal(text, GraphPrinter.Print(again));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("", "text:1:1: expected 'module', found the end")]
    [InlineData("module \"m\" {\n  graph() {\n    return %3\n  }\n}", "text:3:12: expected a value defined before, found %3")]
    [InlineData("module \"m\" { graph() { %0 = Nope() : f32 #0 return } }", "text:1:29: expected an operator, found 'Nope'")]
    [InlineData("module \"m\" { graph(%0: f31) { return } }", "text:1:24: expected an element type such as f32 or i64, found 'f31'")]
    [InlineData("module \"m\" { graph(%0: f32, %0: f32) { return } }", "text:1:29: expected a new value, found %0, which is defined already")]
    [InlineData("module \"m\" { symbol N fact N < 3 from \"a\" fact 5 < N from \"b\" graph() { return } }", "text:1:43: '5 < N' (b) contradicts what is known.")]
    [InlineData("module \"m\" { graph() { %0 = Cast(%1) : f32 #0 return } }", "text:1:34: expected a value defined before, found %1")]
    [InlineData("module \"m\" { graph(%1: f32) { %0 = Cast(%1) : f32 #0 return } }", "text:1:36: expected the attribute To of Cast, found none")]
    [InlineData("module \"m\" { graph(%1: f32) { %0 = Cast<To = 3>(%1) : f32 #0 return } }", "text:1:46: expected an element type, found '3'")]
    [InlineData("module \"m\" { graph(%1: f32[99999999999999999999]) { return } }", "text:1:28: expected a 64-bit integer, found 99999999999999999999")]
    [InlineData("module \"m\" { graph(%1: f32[floordiv(1, 0)]) { return } }", "text:1:28: '1' is divided by the constant 0.")]
    [InlineData("module \"m\" ? { }", "text:1:12: expected a word, number or sign, found '?'")]
    public void Errors_name_position_and_what_was_expected(string text, string message)
    {
        var error = Assert.Throws<DlcException>(() => GraphParser.Parse(text));
        Assert.Equal(ErrorCodes.BadText, error.Code);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_an_error_and_no_crash()
    {
        foreach (var (open, count) in ((string, int)[])[("(", 100_000), ("floordiv(", 5000), ("[", 100_000), ("-", 100_000)])
        {
            var text = $"module \"m\" {{ graph(%1: f32[{string.Concat(Enumerable.Repeat(open, count))}";
            Assert.Equal(ErrorCodes.BadText, Assert.Throws<DlcException>(() => GraphParser.Parse(text)).Code);
        }

        // As deep as is allowed.
        var deep = $"{new string('(', 990)}N{new string(')', 990)}";
        Assert.Equal("N", GraphParser.Parse($"module \"m\" {{ graph(%1: f32[{deep}]) {{ return }} }}").Main.Inputs[0].Type.Shape[0].ToString());
    }

    [Fact]
    public void Dims_are_written_so_that_they_read_back()
    {
        var context = new DimContext();
        var odd = context.Symbol("floordiv");
        var dims = new[]
        {
            context.Const(long.MinValue), context.Const(long.MaxValue), odd + long.MinValue, (odd * -3) - context.Symbol("\u2028\ud800\""),
            odd.Min(context.Symbol("a b")).FloorDiv(odd) * odd.Max(3),
        };
        foreach (var dim in dims)
        {
            var module = GraphParser.Parse($"module \"m\" {{ graph(%0: f32[{dim}]) {{ return }} }}");
            Assert.Equal(dim.ToString(), module.Main.Inputs[0].Type.Shape[0].ToString());
        }
    }

    private static TensorResources ResourcesOf(Module module)
    {
        var resources = new TensorResources();
        GraphPrinter.Print(module, resources);
        return resources;
    }
}
