using Dlc.IR.Symbolic;
using Xunit;

namespace Dlc.Tests.Unit.Symbolic;

public sealed class DimTests
{
    private readonly DimContext context = new();

    private Dim N => context.Symbol("N");

    private Dim M => context.Symbol("M");

    [Fact]
    public void Equal_polynomials_are_one_object()
    {
        Assert.Same((N + 1) * (N - 1), (N * N) - 1);
        Assert.Same(N + M, M + N);
        Assert.Same(context.Zero, N - N);
        Assert.Equal("M*N + N + 3", ((N * M) + N + 3).ToString());
    }

    [Fact]
    public void FloorDiv_of_negative_rounds_down()
    {
        Assert.Equal(-4, IntegerMath.FloorDiv(-7, 2));
        Assert.Equal(-4, IntegerMath.FloorDiv(7, -2));
        Assert.Equal(-3, IntegerMath.CeilDiv(-7, 2));
        Assert.Equal(1, IntegerMath.Mod(-7, 2));
        Assert.Equal(-1, IntegerMath.Mod(7, -2));
    }

    [Fact]
    public void FloorDiv_pulls_out_whole_multiples()
    {
        Assert.Same((2 * N) + M.FloorDiv(4), ((8 * N) + M).FloorDiv(4));
        Assert.Same(N.FloorDiv(2), ((6 * N) + 5).FloorDiv(12));
        Assert.Same(N.FloorDiv(6), N.FloorDiv(2).FloorDiv(3));
        Assert.Same((N + 2).FloorDiv(6), (N.FloorDiv(2) + 1).FloorDiv(3));
        Assert.Same(N, (N * M).FloorDiv(M));
        Assert.Same(N + 1, ((N * M) + M).FloorDiv(M));
    }

    [Fact]
    public void CeilDiv_is_one_form()
    {
        Assert.Same((N + 1).FloorDiv(2), N.CeilDiv(2));
        Assert.Same(-((-N).FloorDiv(4)), N.CeilDiv(4));
        Assert.Same((N + 3).FloorDiv(4), N.CeilDiv(4));
    }

    [Fact]
    public void Extrema_absorb_operands_that_differ_by_a_constant()
    {
        Assert.Same(N, N.Min(N + 1));
        Assert.Same(N + 1, N.Max(N + 1));
        Assert.Same(N.Min(M) + 1, (N + 1).Min(M + 1));
        Assert.Same(N.Min(M), M.Min(N.Min(M + 2)));
    }

    [Fact]
    public void DivideExact_finds_the_polynomial_quotient()
    {
        Assert.Same(N + 1, ((N * N) - 1).DivideExact(N - 1));
        Assert.Null((N + 1).DivideExact(N));
        Assert.Same(3 * M, (6 * N * M).DivideExact(2 * N));
    }

    [Fact]
    public void Facts_answer_from_ranges_and_equalities()
    {
        var facts = new Facts(context);
        facts.NewDim("N", 1, 128, "user");
        facts.NewDim("M");
        Assert.Equal(Proof.True, facts.ProveLessOrEqual(N, 128));
        Assert.Equal(Proof.True, facts.ProveLess(context.Zero, N));
        Assert.Equal(Proof.False, facts.ProveEqual(N, 0));
        Assert.Equal(Proof.Unknown, facts.ProveEqual(M, N));
        facts.Assume(M, Relation.Equal, 2 * N, "test");
        Assert.Equal(Proof.True, facts.ProveEqual(M * M, 4 * N * N));
        Assert.Equal(Proof.True, facts.ProveDivisible(M, 2));
        facts.Require(N, Relation.Divisible, context.Const(16), "tile");
        Assert.Equal(Proof.True, facts.ProveDivisible(N, 16));
        Assert.Single(facts.Guards);
        Assert.Throws<DimContradictionException>(() => facts.Require(N, Relation.LessOrEqual, context.Zero, "test"));
    }

    [Fact]
    public void Evaluator_follows_floor_semantics()
    {
        var dim = (N - 7).FloorDiv(2).Max(M) + N.Mod(5);
        Assert.Equal(-3, new DimEvaluator(context).Bind(N, 1).Bind(M, -4).Evaluate(dim) - 1);
        Assert.False(new DimEvaluator(context).Bind(N, 1).TryEvaluate(dim, out _));
    }
}
