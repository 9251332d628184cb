using Dlc.IR.Symbolic;
using Xunit;

namespace Dlc.Tests.Unit.Symbolic;

/// <summary>What a memory planner asks: is one buffer never larger than another?</summary>
public sealed class SizeProofTests
{
    private readonly DimContext context = new();
    private readonly Facts facts;

    public SizeProofTests()
    {
        facts = new Facts(context);
    }

    [Fact]
    public void Sizes_that_differ_by_a_factor_compare()
    {
        var (b, s) = (New("b"), New("s"));
        AssertLessOrEqual(4 * b * s * 768, 4 * b * s * 3072);
        AssertLessOrEqual((4 * b * s * 768) + (4 * b * s), 4 * b * s * 769);
        Assert.Equal(Proof.Unknown, facts.ProveLessOrEqual(4 * b * s * 3072, 4 * b * s * 768));
        Assert.Equal(Proof.Unknown, facts.ProveLess(4 * b * s * 768, 4 * b * s * 3072));
    }

    [Fact]
    public void Sizes_that_depend_on_different_symbols_do_not_compare()
    {
        var (b, s, h, d) = (New("b"), New("s", 1, 4096), New("h"), New("d"));
        Assert.Equal(Proof.Unknown, facts.ProveLessOrEqual(4 * b * h * s * s, 4 * b * s * d));
        Assert.Equal(Proof.Unknown, facts.ProveLessOrEqual(4 * b * s * d, 4 * b * h * s * s));
    }

    [Fact]
    public void A_split_axis_compares_with_the_whole_one()
    {
        var (s0, s1) = (New("S0"), New("S1"));
        facts.Assume(s0, Relation.Equal, 12 * s1, "reshape");
        AssertLessOrEqual(11008 * s1, 1024 * s0);
        Assert.Equal(Proof.Unknown, facts.ProveLessOrEqual(1024 * s0, 11008 * s1));
    }

    [Fact]
    public void A_bounded_factor_is_replaced_by_its_bound()
    {
        var (b, s, x, y) = (New("b"), New("s", 1, 4096), New("x", 0, 100), New("y", 0, 100));
        AssertLessOrEqual(48 * b * s * s, 48 * b * s * 4096);
        AssertLessOrEqual(b * s * s * s, b * s * 4096 * 4096);
        AssertLessOrEqual((b * s).Max(b), 4096 * b);
        AssertLessOrEqual(b * x * y, 10_000 * b);
        AssertLessOrEqual(b * s.Mod(7), 6 * b);
    }

    [Fact]
    public void A_cache_compares_with_its_longer_successor()
    {
        var (b, past, s, total) = (New("b"), New("past"), New("s", 1), New("total"));
        facts.Assume(past + s, Relation.Equal, total, "concat");
        AssertLessOrEqual(4 * b * 12 * 64 * past, 4 * b * 12 * 64 * total);
        AssertLessOrEqual(b * s * s, b * s * total);
        AssertLessOrEqual((b * past) + b, b * total);
        Assert.Equal(Proof.True, facts.ProveLess(past, total));
    }

    [Fact]
    public void Products_that_are_equal_compare_where_their_factors_do()
    {
        var (q, r, m, n, s) = (New("q"), New("r"), New("m"), New("n"), New("s"));
        facts.Assume(q * r, Relation.Equal, m * n, "reshape");
        AssertLessOrEqual(4 * q * r * s, 8 * m * n * s);
        Assert.Equal(Proof.Unknown, facts.ProveLessOrEqual(4 * q * r * s, 3 * m * n * s));
        facts.Assume(q, Relation.LessOrEqual, m, "test");
        AssertLessOrEqual(q * r, m * r);
        AssertLessOrEqual(q * n, q * r);
    }

    [Fact]
    public void Aligned_sizes_compare_like_the_sizes()
    {
        var (b, s) = (New("b"), New("s"));
        AssertLessOrEqual(64 * (b * s * 7).CeilDiv(64), 64 * (b * s * 9).CeilDiv(64));
        AssertLessOrEqual(2 * b * s.FloorDiv(2), b * s);
        AssertLessOrEqual(b * s.CeilDiv(2), b * s);
        AssertLessOrEqual(b * s.Min(7), b * s);
        AssertLessOrEqual(b * 7, b * s.Max(7));
        AssertLessOrEqual(s.FloorDiv(3), (s + b).FloorDiv(3));
    }

    [Fact]
    public void Strided_images_compare_and_are_equal_in_size_where_the_stride_divides()
    {
        var (b, h, w) = (New("b"), New("h", 1), New("w", 1));
        var (h2, w2) = (Strided(h), Strided(w));
        var (h4, w4) = (Strided(h2), Strided(w2));
        AssertLessOrEqual(64 * b * h2 * w2, 64 * b * h * w);
        AssertLessOrEqual(b * h4 * w4, b * h * w);
        Assert.Equal(Proof.Unknown, facts.ProveLessOrEqual(128 * b * h4 * w4, 64 * b * h2 * w2));
        facts.Assume(h, Relation.Divisible, context.Const(32), "user");
        facts.Assume(w, Relation.Divisible, context.Const(32), "user");
        AssertLessOrEqual(128 * b * h4 * w4, 64 * b * h2 * w2);
        Assert.Equal(Proof.True, facts.ProveEqual(256 * b * h4 * w4, 64 * b * h2 * w2));
        Assert.Equal(Proof.True, facts.ProveEqual(4 * h4, h));

        static Dim Strided(Dim size) => (size + 2 - 3).FloorDiv(2) + 1;
    }

    [Fact]
    public void Squares_are_not_negative()
    {
        var (x, y) = (New("x"), New("y"));
        AssertLessOrEqual(2 * x * y, (x * x) + (y * y));
        Assert.Equal(Proof.Unknown, facts.ProveLessOrEqual((x * x) + (y * y), 2 * x * y));
    }

    [Fact]
    public void Linear_facts_combine()
    {
        var (x, y, z) = (New("x", 0, 100), New("y", 0, 100), New("z", 0, 1000));
        facts.Assume(x + y, Relation.LessOrEqual, z, "test");
        facts.Assume(2 * z, Relation.LessOrEqual, (3 * x) + 40, "test");
        AssertLessOrEqual(2 * y, x + 40);
        AssertLessOrEqual(y, context.Const(70));
        Assert.Equal(Proof.Unknown, facts.ProveLessOrEqual(y, context.Const(69)));
        Assert.Equal(Proof.False, facts.ProveLess(x + 100, 2 * y - 1));
    }

    private void AssertLessOrEqual(Dim left, Dim right) => Assert.Equal(Proof.True, facts.ProveLessOrEqual(left, right));

    private Dim New(string name, long min = 0, long max = long.MaxValue) => facts.NewDim(name, min, max, "test");
}
