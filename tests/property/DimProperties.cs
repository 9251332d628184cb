using System.Numerics;
using Dlc.IR.Symbolic;
using Xunit;

namespace Dlc.Tests.Property;

public sealed class DimProperties
{
    [Fact]
    public void Canonical_form_evaluates_like_the_expression()
    {
        var checkedValues = 0;
        for (var seed = 0; seed < 4000; seed++)
        {
            var draw = new DimGenerator(seed, 4, negative: seed % 2 == 1);
            Dim dim;
            BigInteger? value;
            try
            {
                (dim, value) = draw.Draw(4);
            }
            catch (Exception exception) when (exception is OverflowException or DimTooLargeException)
            {
                continue;
            }

            if (value is { } expected && BigInteger.Abs(expected) < long.MaxValue && draw.Evaluator.TryEvaluate(dim, out var found))
            {
                Assert.True(expected == found, $"seed {seed}: {dim} is {found}, expected {expected}");
                checkedValues++;
            }
        }

        Assert.True(checkedValues > 2000, $"only {checkedValues} values were checked");
    }

    [Fact]
    public void Form_does_not_depend_on_the_context_it_was_made_in()
    {
        for (var seed = 0; seed < 1500; seed++)
        {
            var draw = new DimGenerator(seed, 4, negative: false);
            try
            {
                var (dim, _) = draw.Draw(4);
                var other = new DimContext();
                other.Symbol("c");
                other.Symbol("a");
                var copy = new DimSubstitution(other).Apply(dim);
                Assert.Equal(dim.ToString(), copy.ToString());
                Assert.Equal(dim.ContentHash, copy.ContentHash);
                Assert.Same(dim, new DimSubstitution(draw.Context).Apply(copy));
            }
            catch (Exception exception) when (exception is OverflowException or DimTooLargeException)
            {
            }
        }
    }

    [Fact]
    public void Every_proof_agrees_with_evaluation()
    {
        var decided = new int[3];
        for (var seed = 0; seed < 1000; seed++)
        {
            var draw = new DimGenerator(seed, 5, negative: seed % 4 == 3);
            var facts = new Facts(draw.Context);
            var known = new List<string>();
            foreach (var symbol in draw.Symbols)
            {
                if (draw.Random.Next(4) > 0 && draw.Binding[symbol] >= 0)
                {
                    facts.AssumeRange(symbol, Math.Min(draw.Binding[symbol], draw.Random.Next(3)), long.MaxValue, "test");
                }
            }

            for (var i = draw.Random.Next(1, 7); i > 0; i--)
            {
                AssumeSomethingTrue(draw, facts, known);
            }

            for (var i = 0; i < 24; i++)
            {
                var (left, right) = (draw.DrawSmall(), draw.DrawSmall());
                right = draw.Random.Next(3) == 0 ? draw.Context.Const(draw.Random.Next(0, 9)) : right;
                if (i % 2 == 0 && facts.All.Count > 0)
                {
                    // What follows from a fact by adding and multiplying the same on both sides.
                    var fact = facts.All[draw.Random.Next(facts.All.Count)];
                    var factor = draw.Random.Next(2) == 0 ? draw.Context.One : draw.Symbols[draw.Random.Next(draw.Symbols.Length)];
                    var offset = draw.Random.Next(2) == 0 ? draw.Context.Zero : draw.DrawSmall();
                    (left, right) = ((fact.Left * factor) + offset, (fact.Right * factor) + offset - draw.Random.Next(-1, 2));
                }

                var relation = (Relation)draw.Random.Next(4);
                var proof = facts.Prove(left, relation, right);
                decided[(int)proof]++;
                var truth = Holds(draw, left, relation, right);
                Assert.True(
                    truth is null || proof == Proof.Unknown || truth == (proof == Proof.True),
                    $"seed {seed}: {left} {relation} {right} is {truth}, proof says {proof}. {Explain(draw, facts)}");
                if (!draw.Evaluator.TryEvaluate(left, out var value))
                {
                    continue;
                }

                var range = facts.Range(left);
                Assert.True(range.Contains(value), $"seed {seed}: {left} = {value} outside {range}. {Explain(draw, facts)}");
                var simple = facts.Simplify(left);
                try
                {
                    var simplified = draw.Evaluator.Evaluate(simple);
                    Assert.True(simplified == value, $"seed {seed}: {left} = {value} simplified to {simple} = {simplified}. "
                        + Explain(draw, facts));
                }
                catch (OverflowException)
                {
                    // Replacing a symbol by what it equals may pass through numbers beyond 64 bits.
                }
            }
        }

        Assert.True(decided[(int)Proof.True] > 3000 && decided[(int)Proof.False] > 3000, string.Join(", ", decided));
    }

    [Fact]
    public void Every_combination_of_linear_facts_is_proved()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var context = new DimContext();
            var facts = new Facts(context);
            var symbols = Enumerable.Range(0, random.Next(2, 7)).Select(i => context.Symbol($"x{i}")).ToArray();
            var binding = symbols.ToDictionary(symbol => symbol, _ => (long)random.Next(0, 50));
            var known = new List<Dim>();
            foreach (var symbol in symbols)
            {
                var (low, high) = (binding[symbol] - random.Next(0, 20), binding[symbol] + random.Next(0, 20));
                facts.AssumeRange(symbol, low, random.Next(3) == 0 ? long.MaxValue : high, "range");
                known.Add(symbol - low);
            }

            for (var i = random.Next(1, 9); i > 0; i--)
            {
                var form = context.Sum(symbols.Where(_ => random.Next(2) == 0).Select(symbol => random.Next(-5, 6) * symbol));
                var value = new DimEvaluator(context);
                symbols.ToList().ForEach(symbol => value.Bind(symbol, binding[symbol]));
                var least = value.Evaluate(form) - random.Next(0, 4);
                facts.Assume(context.Const(least), Relation.LessOrEqual, form, "linear");
                known.Add(form - least);
            }

            for (var i = 0; i < 10; i++)
            {
                // A sum of multiples of facts, and something to spare.
                var scale = random.Next(1, 4);
                var sum = context.Sum(known.Select(fact => random.Next(3) == 0 ? random.Next(0, 6) * fact : context.Zero)) + random.Next(0, 3);
                var (left, right) = (context.Sum(symbols.Select(symbol => random.Next(-2, 3) * symbol)), context.Zero);
                right = left + sum;
                Assert.True(
                    facts.ProveLessOrEqual(left * scale, right * scale) == Proof.True,
                    $"seed {seed}: {left * scale} <= {right * scale} from " + string.Join("; ", facts.All.Select(fact => Facts.Describe(fact.Left, fact.Relation, fact.Right))));
                Assert.True(facts.ProveLess(right * scale, left * scale) == Proof.False);
            }
        }
    }

    private static string Explain(DimGenerator draw, Facts facts) =>
        string.Join("; ", facts.All.Select(fact => Facts.Describe(fact.Left, fact.Relation, fact.Right)))
        + " | " + string.Join(", ", draw.Binding.Select(pair => $"{pair.Key}={pair.Value}"));

    private static bool? Holds(DimGenerator draw, Dim left, Relation relation, Dim right)
    {
        if (!draw.Evaluator.TryEvaluate(left, out var a) || !draw.Evaluator.TryEvaluate(right, out var b))
        {
            return null;
        }

        return relation switch
        {
            Relation.Equal => a == b,
            Relation.LessOrEqual => a <= b,
            Relation.Less => a < b,
            _ => b != 0 && IntegerMath.Mod(a, b) == 0,
        };
    }

    private static void AssumeSomethingTrue(DimGenerator draw, Facts facts, List<string> known)
    {
        var (left, right) = (draw.DrawSmall(), draw.DrawSmall());
        if (!draw.Evaluator.TryEvaluate(left, out var a) || !draw.Evaluator.TryEvaluate(right, out var b))
        {
            return;
        }

        switch (draw.Random.Next(5))
        {
            case 0:
                // A constant makes it true.
                facts.Assume(left, Relation.Equal, right + (a - b), "test");
                break;
            case 1:
                // A symbol that stands for the other side.
                var symbol = draw.Symbols.FirstOrDefault(candidate => draw.Binding[candidate] == a);
                if (symbol is not null)
                {
                    facts.Assume(left, Relation.Equal, symbol, "test");
                }

                break;
            case 2:
                var divisor = new[] { 16L, 12, 8, 6, 4, 3, 2 }.FirstOrDefault(d => IntegerMath.Mod(a, d) == 0);
                if (divisor != 0)
                {
                    facts.Assume(left, Relation.Divisible, draw.Context.Const(divisor), "test");
                }
                else if (b != 0 && IntegerMath.Mod(a, b) == 0)
                {
                    facts.Assume(left, Relation.Divisible, right, "test");
                }

                break;
            default:
                facts.Assume(a <= b ? left : right, a == b ? Relation.LessOrEqual : Relation.Less, a <= b ? right : left, "test");
                break;
        }

        known.Add($"{left} ? {right}");
    }
}
