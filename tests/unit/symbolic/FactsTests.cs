using Dlc.IR.Symbolic;
using Xunit;

namespace Dlc.Tests.Unit.Symbolic;

public sealed class FactsTests
{
    private readonly DimContext context = new();
    private readonly Facts facts;

    public FactsTests()
    {
        facts = new Facts(context);
    }

    [Fact]
    public void Product_equality_rewrites_products()
    {
        var (a, b, c, d, e) = (New("a"), New("b"), New("c"), New("d"), New("e"));
        facts.Assume(12 * a, Relation.Equal, b, "reshape");
        Assert.Equal(Proof.True, facts.ProveDivisible(b, 12));
        Assert.Equal(Proof.True, facts.ProveEqual(b * c, 12 * a * c));
        facts.Assume(a * c, Relation.Equal, d * e, "reshape");
        Assert.Equal(Proof.True, facts.ProveEqual(b * c, 12 * d * e));
        Assert.Equal(Proof.True, facts.ProveEqual((a * c * c) + 1, (d * e * c) + 1));
        Assert.Same(facts.Simplify(a * c * 3), facts.Simplify(3 * d * e));
    }

    [Fact]
    public void Positive_factors_cancel()
    {
        var (a, b, c) = (New("a", 1), New("b"), New("c"));
        facts.Assume(a * b, Relation.Equal, a * c, "test");
        Assert.Equal(Proof.True, facts.ProveEqual(b, c));
    }

    [Fact]
    public void A_factor_cancels_once_it_is_known_to_be_positive()
    {
        var (a, b, c) = (New("a"), New("b"), New("c"));
        facts.Assume(a * b, Relation.Equal, a * c, "test");
        Assert.Equal(Proof.Unknown, facts.ProveEqual(b, c));
        facts.AssumeRange(a, 1, long.MaxValue, "test");
        Assert.Equal(Proof.True, facts.ProveEqual(b, c));
    }

    [Fact]
    public void Coefficients_on_both_sides_are_scaled()
    {
        var (a, b, c) = (New("a"), New("b"), New("c"));
        facts.Assume(2 * a, Relation.Equal, 3 * b, "test");
        Assert.Equal(Proof.True, facts.ProveEqual(10 * a * c, 15 * b * c));
        Assert.Equal(Proof.True, facts.ProveEqual(4 * a, 6 * b));
        Assert.Equal(Proof.True, facts.ProveEqual(a * c * c - (b * c * c), (a - b) * c * c));
    }

    [Fact]
    public void Products_of_non_negative_symbols_dominate_their_factors()
    {
        var (n, m, k) = (New("n"), New("m", 1), New("k", 2));
        Assert.Equal(Proof.True, facts.ProveLessOrEqual(n, n * m));
        Assert.Equal(Proof.True, facts.ProveLess(n, (n * m) + 1));
        Assert.Equal(Proof.True, facts.ProveLessOrEqual(n * 4, n * m * k * k));
        Assert.Equal(Proof.True, facts.ProveLessOrEqual((n + 1) * m, (n + 1) * m * k));
        Assert.Equal(Proof.Unknown, facts.ProveLessOrEqual(n * 3, n * m * k));
    }

    [Fact]
    public void Inequalities_are_multiplied_by_non_negative_factors()
    {
        var (a, b, c, d) = (New("a"), New("b"), New("c"), New("d"));
        facts.Assume(a, Relation.LessOrEqual, b, "test");
        facts.Assume(c, Relation.LessOrEqual, d, "test");
        Assert.Equal(Proof.True, facts.ProveLessOrEqual(a * c, b * c));
        Assert.Equal(Proof.True, facts.ProveLessOrEqual(a * c, b * d));
        Assert.Equal(Proof.Unknown, facts.ProveLessOrEqual(b * c, a * d));
    }

    [Fact]
    public void Inequalities_chain()
    {
        var symbols = Enumerable.Range(0, 8).Select(i => New($"s{i}")).ToList();
        for (var i = 0; i + 1 < symbols.Count; i++)
        {
            facts.Assume(symbols[i] + 1, Relation.LessOrEqual, symbols[i + 1], "test");
        }

        Assert.Equal(Proof.True, facts.ProveLessOrEqual(symbols[0] + 7, symbols[7]));
        Assert.Equal(Proof.False, facts.ProveEqual(symbols[0], symbols[7]));
        Assert.Equal(7, facts.Range(symbols[7]).Minimum);
    }

    [Fact]
    public void Divisibility_decides_divisions()
    {
        var (n, m) = (New("n"), New("m"));
        facts.Assume(n, Relation.Divisible, context.Const(16), "user");
        Assert.Same(n, facts.Simplify(16 * n.FloorDiv(16)));
        Assert.Same(n, facts.Simplify(n.CeilDiv(8) * 8));
        Assert.Same(facts.Simplify(n.FloorDiv(4)), facts.Simplify((n + 3).FloorDiv(4)));
        Assert.Equal(Proof.True, facts.ProveEqual(n.Mod(8), 0));
        Assert.Equal(Proof.True, facts.ProveDivisible((n * m) + (32 * m), 16));
        Assert.Equal(Proof.True, facts.ProveDivisible(n.FloorDiv(4), 4));
        Assert.Equal(Proof.False, facts.ProveDivisible(n + 1, 4));
        facts.Assume(n, Relation.Divisible, context.Const(24), "user");
        Assert.Equal(Proof.True, facts.ProveDivisible(n, 48));
    }

    [Fact]
    public void Divisibility_by_symbols_and_of_sums()
    {
        var (n, k, m) = (New("n", 1), New("k", 1), New("m"));
        facts.Assume(n, Relation.Divisible, k, "split");
        Assert.Equal(Proof.True, facts.ProveEqual(n.FloorDiv(k) * k, n));
        Assert.Equal(Proof.True, facts.ProveDivisible(n * m, k));
        Assert.Equal(Proof.True, facts.ProveLessOrEqual(k, n));
        facts.Assume(m + 1, Relation.Divisible, context.Const(8), "test");
        Assert.Equal(Proof.True, facts.ProveDivisible((3 * m) + 3, 8));
        Assert.Equal(Proof.True, facts.ProveDivisible(m + 9, 4));
        Assert.Equal(Proof.False, facts.ProveDivisible(m, 2));
        Assert.Equal(Proof.True, facts.ProveEqual(8 * (m + 1).FloorDiv(8), m + 1));
    }

    [Fact]
    public void Remainders_have_a_range()
    {
        var n = New("n");
        Assert.Equal(new DimRange(0, 3), facts.Range(n.Mod(4)));
        Assert.Equal(Proof.True, facts.ProveLess(n.Mod(4), 4));
        Assert.Equal(Proof.True, facts.ProveLessOrEqual(n, 4 * n.CeilDiv(4)));
        Assert.Equal(Proof.True, facts.ProveLess(4 * n.CeilDiv(4), n + 4));
    }

    [Fact]
    public void Minima_and_maxima_are_split_into_cases()
    {
        var (a, b) = (New("a", 0, 10), New("b", 20, 30));
        Assert.Same(a, facts.Simplify(a.Min(b)));
        Assert.Same(b, facts.Simplify(a.Max(b)));
        var (c, d, e) = (New("c"), New("d"), New("e"));
        facts.Assume(c, Relation.LessOrEqual, e, "test");
        facts.Assume(d, Relation.LessOrEqual, e, "test");
        Assert.Equal(Proof.True, facts.ProveLessOrEqual(c.Max(d), e));
        Assert.Equal(Proof.True, facts.ProveLessOrEqual(c.Min(d), c + e));
    }

    [Fact]
    public void Ranges_flow_through_equalities_and_inequalities()
    {
        var (a, b, c) = (New("a", 0, 100), New("b"), New("c"));
        facts.Assume(b, Relation.Equal, (2 * a) + 1, "test");
        facts.Assume(c + b, Relation.LessOrEqual, context.Const(300), "test");
        Assert.Equal(new DimRange(1, 201), facts.Range(b));
        Assert.Equal(new DimRange(0, 299), facts.Range(c));
        facts.AssumeRange(b, 51, 101, "test");
        Assert.Equal(new DimRange(25, 50), facts.Range(a));
    }

    [Fact]
    public void Simplify_keeps_the_older_of_two_equal_symbols()
    {
        var (a, b, c) = (New("a"), New("b"), New("c"));
        facts.Assume(b, Relation.Equal, c, "test");
        facts.Assume(a, Relation.Equal, c, "test");
        Assert.Same(a, facts.Simplify(b));
        Assert.Same(a * a, facts.Simplify(b * c));
    }

    [Fact]
    public void Divisibility_moves_to_the_older_of_two_equal_symbols()
    {
        var (a, b) = (New("a"), New("b"));
        facts.Assume(b, Relation.Divisible, context.Const(8), "test");
        facts.Assume(a, Relation.Equal, b, "test");
        Assert.Same(a, facts.Simplify(b));
        Assert.Equal(Proof.True, facts.ProveDivisible(a, 8));
    }

    [Fact]
    public void Guards_are_assumed_once()
    {
        var (a, b) = (New("a"), New("b"));
        facts.Require(a, Relation.LessOrEqual, b, "first");
        facts.Require(a, Relation.LessOrEqual, b + 1, "implied");
        Assert.Equal("first", Assert.Single(facts.Guards).Reason);
        Assert.Throws<DimContradictionException>(() => facts.Require(b, Relation.Less, a, "refuted"));
    }

    [Fact]
    public void Contradictions_name_their_source()
    {
        var (a, b) = (New("a", 1, 4), New("b", 8));
        var error = Assert.Throws<DimContradictionException>(() => facts.Assume(a, Relation.Equal, b, "node 'x'"));
        Assert.Contains("node 'x'", error.Message, StringComparison.Ordinal);
        Assert.Contains("a = b", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Broadcast_guards_do_not_spoil_other_proofs()
    {
        var (a, b) = (New("a", 1), New("b", 1));
        facts.Require((a - 1) * (b - 1) * (a - b), Relation.Equal, context.Zero, "broadcast");
        Assert.Equal(Proof.True, facts.ProveLessOrEqual(a, a.Max(b)));
        Assert.Equal(Proof.True, facts.ProveLessOrEqual(a, a * b));
        Assert.Same(a, facts.Simplify(a));
    }

    [Fact]
    public void Clones_learn_apart()
    {
        var a = New("a");
        var clone = facts.Clone();
        clone.Require(a, Relation.LessOrEqual, context.Const(7), "branch");
        Assert.Equal(Proof.True, clone.ProveLessOrEqual(a, 7));
        Assert.Equal(Proof.Unknown, facts.ProveLessOrEqual(a, 7));
        Assert.Single(clone.OwnGuards);
    }

    [Fact]
    public void Long_chains_of_equalities_do_not_overflow_the_stack()
    {
        var previous = New("x");
        var first = previous;
        for (var i = 0; i < 5000; i++)
        {
            var next = context.Symbol($"y{i}");
            facts.Assume(next, Relation.Equal, previous + 1, "chain");
            previous = next;
        }

        Assert.Equal(Proof.True, facts.ProveEqual(previous, first + 5000));
        var deep = first;
        for (var i = 0; i < 20_000; i++)
        {
            deep = (deep + first).FloorDiv(first + 2);
        }

        Assert.Equal(0, new DimEvaluator(context).Bind(first, 1).Evaluate(deep));
        Assert.True(facts.Range(deep).Minimum >= 0);
    }

    private Dim New(string name, long min = 0, long max = long.MaxValue) => facts.NewDim(name, min, max, "test");
}
