namespace Dlc.IR.Symbolic;

/// <summary>
/// Which monomials facts of the kind <c>own*x &lt;= other*y + constant</c> can lead to from others, whatever the numbers are. Each of some walks through
/// the graph, in orders of their own, gives every monomial an interval that holds those of all that it leads to: where one of them does not, nothing leads there
/// (GRAIL: Yildirim, Chaoji and Zaki, VLDB 2010). Made in time that grows with the facts, asked in constant time.
/// </summary>
internal sealed class PairReach
{
    private const int Walks = 12;

    private readonly int[] nodeOf;
    private readonly (int Low, int High)[] labels;

    /// <summary>Looks through facts.</summary>
    /// <param name="forms">Those with other forms do not matter.</param>
    /// <param name="monomials">At least as many as the largest number of a monomial says.</param>
    public PairReach(IEnumerable<LinearForm?> forms, int monomials)
    {
        nodeOf = new int[monomials];
        var (from, to, count) = (new List<int>(), new List<int>(), 0);
        foreach (var form in forms)
        {
            if (form is { Terms.Length: 2 } && PairProver.Fits(form))
            {
                var less = form.Terms[0].Coefficient < 0 ? 0 : 1;
                from.Add(NodeOf(form.Terms[less].Monomial));
                to.Add(NodeOf(form.Terms[1 - less].Monomial));
            }
        }

        var next = Lists(from, to, count);
        var component = Components(next, out var components);
        for (var i = 0; i < nodeOf.Length; i++)
        {
            nodeOf[i] = nodeOf[i] == 0 ? -1 : component[nodeOf[i] - 1];
        }

        for (var e = 0; e < from.Count; e++)
        {
            (from[e], to[e]) = (component[from[e]], component[to[e]]);
        }

        labels = new (int, int)[components * Walks];
        next = Lists(from, to, components);
        for (var walk = 0; walk < Walks; walk++)
        {
            Label(next, walk);
        }

        int NodeOf(Dim monomial) => (nodeOf[monomial.Id] == 0 ? nodeOf[monomial.Id] = ++count : nodeOf[monomial.Id]) - 1;
    }

    /// <summary>False where no chain of facts leads from one monomial to another.</summary>
    public bool MayLead(Dim from, Dim to)
    {
        var (a, b) = (from.Id < nodeOf.Length ? nodeOf[from.Id] : -1, to.Id < nodeOf.Length ? nodeOf[to.Id] : -1);
        if (a < 0 || b < 0)
        {
            return false;
        }

        for (var walk = 0; walk < Walks; walk++)
        {
            var (outer, inner) = (labels[(a * Walks) + walk], labels[(b * Walks) + walk]);
            if (inner.Low < outer.Low || inner.High > outer.High)
            {
                return false;
            }
        }

        return true;
    }

    private static (int[] First, int[] Items) Lists(List<int> from, List<int> to, int count)
    {
        var first = new int[count + 1];
        foreach (var node in from)
        {
            first[node + 1]++;
        }

        for (var i = 0; i < count; i++)
        {
            first[i + 1] += first[i];
        }

        var items = new int[to.Count];
        var at = first.AsSpan(0, count).ToArray();
        for (var e = 0; e < items.Length; e++)
        {
            items[at[from[e]]++] = to[e];
        }

        return (first, items);
    }

    /// <summary>Numbers the strongly connected components (Tarjan, 1972), with a stack of its own.</summary>
    private static int[] Components((int[] First, int[] Items) next, out int components)
    {
        var count = next.First.Length - 1;
        var (component, number, low, at) = (new int[count], new int[count], new int[count], new int[count]);
        Array.Fill(component, -1);
        var (path, open, numbers) = (new Stack<int>(), new Stack<int>(), 0);
        components = 0;
        for (var root = 0; root < count; root++)
        {
            if (number[root] != 0)
            {
                continue;
            }

            path.Push(root);
            while (path.TryPeek(out var node))
            {
                if (number[node] == 0)
                {
                    number[node] = low[node] = ++numbers;
                    at[node] = next.First[node];
                    open.Push(node);
                }

                var child = -1;
                while (child < 0 && at[node] < next.First[node + 1])
                {
                    var other = next.Items[at[node]++];
                    child = number[other] == 0 ? other : -1;
                    low[node] = number[other] != 0 && component[other] < 0 ? Math.Min(low[node], number[other]) : low[node];
                }

                if (child >= 0)
                {
                    path.Push(child);
                    continue;
                }

                path.Pop();
                if (path.TryPeek(out var parent))
                {
                    low[parent] = Math.Min(low[parent], low[node]);
                }

                if (low[node] == number[node])
                {
                    int member;
                    do
                    {
                        member = open.Pop();
                        component[member] = components;
                    }
                    while (member != node);
                    components++;
                }
            }
        }

        return component;
    }

    /// <summary>One walk: High is the place at which a component is left, Low the least one of all that it leads to.</summary>
    private void Label((int[] First, int[] Items) next, int walk)
    {
        var count = next.First.Length - 1;
        var (step, isSeen, place) = (new int[count], new bool[count], 0);
        var path = new Stack<int>();
        for (var r = 0; r < count; r++)
        {
            // Components are numbered from the ends of chains: the last ones first, as whatever leads far is found there.
            var root = (walk & 1) == 0 ? count - 1 - r : (int)(((ulong)r + (WitnessSeed.Mix((ulong)walk) % (ulong)count)) % (ulong)count);
            if (isSeen[root])
            {
                continue;
            }

            isSeen[root] = true;
            path.Push(root);
            while (path.TryPeek(out var node))
            {
                var (first, degree) = (next.First[node], next.First[node + 1] - next.First[node]);
                var child = -1;
                while (child < 0 && step[node] < degree)
                {
                    // Each walk takes what follows in another order.
                    var turn = WitnessSeed.Mix(((ulong)walk << 32) + (ulong)node);
                    var i = (step[node]++ + (int)(turn % (ulong)degree)) % degree;
                    var other = next.Items[first + ((turn >> 40 & 1) == 0 ? i : degree - 1 - i)];
                    child = isSeen[other] ? -1 : other;
                }

                if (child >= 0)
                {
                    isSeen[child] = true;
                    path.Push(child);
                    continue;
                }

                path.Pop();
                var low = place;
                for (var e = first; e < first + degree; e++)
                {
                    low = next.Items[e] == node ? low : Math.Min(low, labels[(next.Items[e] * Walks) + walk].Low);
                }

                labels[(node * Walks) + walk] = (low, place++);
            }
        }
    }
}
