using System.Numerics;

namespace Dlc.IR.Symbolic;

/// <summary>
/// Proves <c>high*b + c >= low*a</c> along chains of facts of the same kind (<c>a &lt;= x</c>, <c>x + 1 &lt;= 2*y</c>, <c>2*y &lt;= b</c>): a
/// search from a that visits each monomial once and leaves out what a witness shows not to lie below b, and what no chain leads from to b. Allocates nothing
/// a step, so that orders among thousands of symbols cost microseconds.
/// </summary>
internal sealed class PairProver(Bounds bounds, InequalityStore store, Witnesses witnesses)
{
    private const int MaximumSteps = 1024;
    private const int MaximumEdges = 8192;

    // An index of what leads where is made when as many steps were taken as there are facts, so that it costs no more than what it is to save.
    private const int LeastSteps = 1024;

    private readonly PriorityQueue<Reached, double> open = new();
    private readonly double[] limit = new double[LaneMath.Count];
    private readonly double[] start = new double[LaneMath.Count];
    private readonly double[] product = new double[LaneMath.Count];
    private int[] seen = [];
    private (Edge[] Edges, int Version)[] edges = [];
    private PairReach? reach;
    private int reachVersion;
    private int steps;
    private int search;

    /// <summary>Whether the form has the kind that is searched for.</summary>
    public static bool Fits(LinearForm form) =>
        form.Terms.Length == 2 && form.Terms[0].Coefficient < 0 != form.Terms[1].Coefficient < 0;

    /// <summary>Whether form >= 0 follows from such a chain; false for other forms.</summary>
    public bool IsNonNegative(LinearForm form)
    {
        if (!Fits(form))
        {
            return false;
        }

        var (from, to) = form.Terms[0].Coefficient < 0 ? (form.Terms[0], form.Terms[1]) : (form.Terms[1], form.Terms[0]);
        var goal = new Goal(to.Monomial, to.Coefficient, form.Constant, Interval.Scale(bounds.Of(to.Monomial), to.Coefficient).Minimum);
        search++;
        open.Clear();
        See(from.Monomial);
        try
        {
            open.Enqueue(new Reached(from.Monomial, 1, checked(-from.Coefficient), 0), 0);
            witnesses.Values.OfMonomial(to.Monomial, limit);
            LaneMath.Scale(limit, to.Coefficient, form.Constant);
            var leads = MayEndInBounds(from.Monomial, checked(-from.Coefficient), goal) ? null : Reach();
            if (leads is not null && !leads.MayLead(from.Monomial, goal.Monomial))
            {
                return false;
            }

            var left = MaximumEdges;
            for (var step = 0; step < MaximumSteps && left > 0 && open.TryDequeue(out var item, out _); step++)
            {
                var next = Edges(item.At);
                left -= next.Length;
                steps += next.Length;
                foreach (var edge in next)
                {
                    if ((leads is null || leads.MayLead(edge.To, goal.Monomial)) && Follow(item, edge, goal))
                    {
                        return true;
                    }
                }
            }
        }
        catch (OverflowException)
        {
        }

        return false;
    }

    /// <summary>
    /// Whether, for all that the witnesses tell, low*a is at most the least that the goal can be: then a chain may end wherever an upper bound is that low.
    /// </summary>
    private bool MayEndInBounds(Dim from, long low, in Goal goal)
    {
        if (goal.Least == long.MinValue)
        {
            return false;
        }

        witnesses.Values.OfMonomial(from, start);
        LaneMath.Scale(start, low, 0);
        return (LaneMath.Above(start, (double)goal.Least + goal.Constant) & witnesses.Alive) == 0;
    }

    /// <summary>What leads where under the facts of today; null as long as that is not worth knowing.</summary>
    private PairReach? Reach()
    {
        if (reachVersion != store.Version)
        {
            (reach, reachVersion, steps) = (null, store.Version, 0);
        }

        if (reach is null && store.Count > 0 && steps > LeastSteps + store.Count)
        {
            // Normal forms may be new monomials.
            var forms = store.All.Select(store.Form).ToList();
            reach = new PairReach(forms, store.All[0].Expression.Context.Count);
        }

        return reach;
    }

    private bool Follow(in Reached item, in Edge edge, in Goal goal)
    {
        var isGoal = ReferenceEquals(edge.To, goal.Monomial);
        if (!isGoal && !See(edge.To))
        {
            return false;
        }

        var shared = IntegerMath.Gcd(item.Scale, edge.Own);
        var (multiple, more) = (item.Scale / shared, edge.Own / shared);
        var next = new Reached(
            edge.To, checked(item.Times * more), checked(multiple * edge.Other), checked((item.Offset * more) + (multiple * edge.Constant)));
        if (isGoal)
        {
            // times * (coefficient * b + constant) - scale * b - offset.
            var difference = checked((next.Times * goal.Coefficient) - next.Scale);
            return Interval.Add(
                Interval.Scale(bounds.Of(goal.Monomial), difference),
                Interval.Point(checked((next.Times * goal.Constant) - next.Offset))).Minimum >= 0;
        }

        witnesses.Charge(1);
        var most = Interval.Scale(bounds.Of(edge.To), next.Scale).Maximum;
        if (goal.Least != long.MinValue && most != long.MaxValue
            && (Int128)most + next.Offset <= next.Times * ((Int128)goal.Least + goal.Constant))
        {
            return true;
        }

        if (LaneMath.Below(limit, next.Times, Lanes(edge.To), next.Scale, next.Offset, witnesses.Alive, out var slack) == 0)
        {
            open.Enqueue(next, slack / next.Times);
        }

        return false;
    }

    private ReadOnlySpan<double> Lanes(Dim monomial)
    {
        if (monomial.Kind != DimKind.Product)
        {
            return witnesses.Values.Of(monomial);
        }

        witnesses.Values.OfMonomial(monomial, product);
        return product;
    }

    /// <summary>The facts that bound a monomial by another one from above.</summary>
    private Edge[] Edges(Dim monomial)
    {
        if (monomial.Id >= edges.Length)
        {
            Array.Resize(ref edges, Math.Max(256, 2 * (monomial.Id + 1)));
        }

        if (edges[monomial.Id] is { Edges: { } known } entry && entry.Version == store.Version)
        {
            return known;
        }

        var strongest = new Dictionary<(Dim To, long Own, long Other), long>();
        foreach (var atom in monomial.Factors)
        {
            // A pinned quotient stands for a symbol.
            foreach (var inequality in store.Of(atom.Kind == DimKind.FloorDiv ? atom.Operands[0] : atom))
            {
                if (store.Form(inequality) is not { Terms.Length: 2 } fact)
                {
                    continue;
                }

                // other*y + constant >= own*monomial.
                var (own, other) = ReferenceEquals(fact.Terms[0].Monomial, monomial)
                    ? (fact.Terms[0], fact.Terms[1]) : (fact.Terms[1], fact.Terms[0]);
                if (own.Coefficient < 0 && other.Coefficient > 0 && ReferenceEquals(own.Monomial, monomial))
                {
                    var key = (other.Monomial, -own.Coefficient, other.Coefficient);
                    strongest[key] = strongest.TryGetValue(key, out var constant) ? Math.Min(constant, fact.Constant) : fact.Constant;
                }
            }
        }

        var found = strongest.Select(pair => new Edge(pair.Key.To, pair.Key.Own, pair.Key.Other, pair.Value)).ToArray();
        edges[monomial.Id] = (found, store.Version);
        return found;
    }

    /// <summary>Whether the search meets a monomial for the first time.</summary>
    private bool See(Dim monomial)
    {
        if (monomial.Id >= seen.Length)
        {
            Array.Resize(ref seen, Math.Max(256, 2 * (monomial.Id + 1)));
        }

        var isNew = seen[monomial.Id] != search;
        seen[monomial.Id] = search;
        return isNew;
    }

    /// <summary>times * low * a &lt;= scale * at + offset.</summary>
    private readonly record struct Reached(Dim At, long Times, long Scale, long Offset);

    /// <summary>own * x &lt;= other * to + constant.</summary>
    private readonly record struct Edge(Dim To, long Own, long Other, long Constant);

    /// <summary>coefficient * monomial + constant, of which the first part is at least <paramref name="Least"/>.</summary>
    private readonly record struct Goal(Dim Monomial, long Coefficient, long Constant, long Least);
}
