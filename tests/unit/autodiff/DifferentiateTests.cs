using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.Passes.Autodiff;
using Xunit;

namespace Dlc.Tests.Unit.Autodiff;

/// <summary>What differentiation builds and refuses.</summary>
public sealed class DifferentiateTests
{
    private readonly Module _module = new("test");
    private readonly GraphBuilder _graph;

    public DifferentiateTests() => _graph = new GraphBuilder(_module);

    [Fact]
    public void Operators_without_a_derivative_are_all_named_in_one_error()
    {
        var (x, other) = (Input("x", 3, 3), Input("other", 3, 3));
        var inner = _graph.Add(new Mul(), [x, _graph.Add(new Determinant(), [x], ["first"])]);
        var outer = _graph.Add(new Determinant(), [inner], ["second"]);
        var unrelated = _graph.Add(new Determinant(), [other], ["unrelated"]);
        var loss = _graph.Add(new Add(), [outer, unrelated]);
        var error = Assert.Throws<DlcException>(() => GradientGraph.Build(_graph.Build([loss]), 0, [x]));
        Assert.Equal(ErrorCodes.NoDerivative, error.Code);
        Assert.Contains("'first', 'second'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("unrelated", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_that_is_no_number_is_refused()
    {
        var x = Input("x", 2);
        var error = Assert.Throws<DlcException>(() => GradientGraph.Build(_graph.Build([_graph.Add(new Exp(), [x])]), 0, [x]));
        Assert.Equal(ErrorCodes.BadOption, error.Code);
    }

    [Fact]
    public void A_parameter_that_the_loss_does_not_reach_has_no_gradient()
    {
        var (x, y) = (Input("x"), Input("y"));
        var rounded = _graph.Add(new Cast(ElementType.Float32), [_graph.Add(new Cast(ElementType.Int64), [y])]);
        var result = GradientGraph.Build(_graph.Build([_graph.Add(new Mul(), [x, rounded])]), 0, [x, y]);
        Assert.NotNull(result.Gradients[0]);
        Assert.Null(result.Gradients[1]);
    }

    [Fact]
    public void Gradients_of_what_is_no_parameter_are_not_built()
    {
        var (x, w) = (Input("x", 4, 5), Input("w", 5, 6));
        var sum = _graph.Add(new Reshape([]), [_graph.Add(new Reduce(ReduceKind.Sum, [0, 1]), [_graph.Add(new MatMul(ElementType.Float32), [x, w])])]);
        var result = GradientGraph.Build(_graph.Build([sum]), 0, [w]);
        Assert.Equal(2, result.Builder.Nodes.Count(n => n.Op is MatMul));
    }

    private Value Input(string name, params long[] dims) => _graph.Input(new TensorType(ElementType.Float32, Shape.Of(_module.Dims, dims)), name);
}
