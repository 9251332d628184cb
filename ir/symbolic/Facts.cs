namespace Dlc.IR.Symbolic;

/// <summary>
/// What is known of the symbols of one module: equalities, inequalities, divisibility, ranges, likely values, each with its source; and the
/// guards that compiled code relies on. Answers are proofs, never guesses.
/// </summary>
public sealed class Facts
{
    private readonly Lock gate = new();
    private readonly List<Fact> all = [];
    private readonly List<Guard> guards = [];
    private readonly List<LikelyValues> likely = [];
    private readonly Dictionary<(Dim Left, Relation Relation, Dim Right), Proof> proofs = [];
    private readonly FactEngine engine;

    private int frozen;

    /// <summary>Creates an empty collection.</summary>
    public Facts(DimContext context)
    {
        Context = context;
        engine = new FactEngine(context);
    }

    /// <summary>The table whose dims the facts speak of.</summary>
    public DimContext Context { get; }

    /// <summary>Everything assumed, in order, guards included.</summary>
    public IReadOnlyList<Fact> All => all;

    /// <summary>What the runtime has to check, in order.</summary>
    public IReadOnlyList<Guard> Guards => guards;

    /// <summary>The guards that were added since this was cloned: all of them, where it was not.</summary>
    public IReadOnlyList<Guard> OwnGuards => [.. guards.Skip(InheritedGuards)];

    /// <summary>How many of <see cref="Guards"/> were there when this was cloned.</summary>
    internal int InheritedGuards { get; set; }

    /// <summary>All likely values, in the order given.</summary>
    public IReadOnlyList<LikelyValues> AllLikely => likely;

    /// <summary>Creates a symbol with a range; a tensor dim is never negative.</summary>
    public Dim NewDim(string name, long min = 0, long max = long.MaxValue, string source = "dim")
    {
        var symbol = Context.Symbol(name);
        AssumeRange(symbol, min, max, source);
        return symbol;
    }

    /// <summary>Adds a fact. It must be true of every binding that will ever be used.</summary>
    /// <exception cref="DimContradictionException">The known facts refute it.</exception>
    public void Assume(Dim left, Relation relation, Dim right, string source)
    {
        lock (gate)
        {
            var known = Preview(left, relation, right);
            if (known == Proof.False)
            {
                throw new DimContradictionException($"'{Describe(left, relation, right)}' ({source}) contradicts what is known.");
            }

            if (frozen > 0)
            {
                return;
            }

            var fact = new Fact(left, relation, right, source);
            all.Add(fact);
            engine.Learn(fact);
            if (known == Proof.True)
            {
                return;
            }

            proofs.Clear();
            try
            {
                engine.Assume(left, relation, right);
            }
            catch (DimContradictionException exception)
            {
                throw new DimContradictionException(
                    $"'{Describe(left, relation, right)}' ({source}) contradicts what is known. {exception.Message}");
            }
            catch (Exception exception) when (exception is OverflowException or DimTooLargeException)
            {
                // The fact stays listed; what could not be computed with is not used in proofs.
            }
        }
    }

    /// <summary>Adds <c>min &lt;= dim &lt;= max</c>; the extreme values of <see cref="long"/> mean no bound.</summary>
    public void AssumeRange(Dim dim, long min, long max, string source)
    {
        if (min != long.MinValue)
        {
            Assume(Context.Const(min), Relation.LessOrEqual, dim, source);
        }

        if (max != long.MaxValue)
        {
            Assume(dim, Relation.LessOrEqual, Context.Const(max), source);
        }
    }

    /// <summary>Adds values that are worth specialising for; nothing is proved from them.</summary>
    public void AssumeLikely(Dim dim, IEnumerable<long> values, string source)
    {
        lock (gate)
        {
            likely.Add(new LikelyValues(dim, [.. values], source));
        }
    }

    /// <summary>Values worth specialising for, in the order given.</summary>
    public IReadOnlyList<long> Likely(Dim dim)
    {
        lock (gate)
        {
            return [.. likely.Where(entry => ReferenceEquals(entry.Dim, dim)).SelectMany(entry => entry.Values).Distinct()];
        }
    }

    /// <summary>Whether the relation follows from the facts, or its opposite does.</summary>
    public Proof Prove(Dim left, Relation relation, Dim right)
    {
        Context.Check(left);
        Context.Check(right);
        lock (gate)
        {
            if (proofs.TryGetValue((left, relation, right), out var proof))
            {
                return proof;
            }

            try
            {
                proof = engine.Prove(left, relation, right);
            }
            catch (Exception exception) when (exception is OverflowException or DimTooLargeException)
            {
                proof = Proof.Unknown;
            }

            proofs[(left, relation, right)] = proof;
            return proof;
        }
    }

    private Proof Preview(Dim left, Relation relation, Dim right)
    {
        Context.Check(left);
        Context.Check(right);
        try
        {
            return engine.Preview(left, relation, right);
        }
        catch (Exception exception) when (exception is OverflowException or DimTooLargeException)
        {
            return Proof.Unknown;
        }
    }

    /// <summary>left = right.</summary>
    public Proof ProveEqual(Dim left, Dim right) => Prove(left, Relation.Equal, right);

    /// <summary>left = right.</summary>
    public Proof ProveEqual(Dim left, long right) => Prove(left, Relation.Equal, Context.Const(right));

    /// <summary>left &lt;= right.</summary>
    public Proof ProveLessOrEqual(Dim left, Dim right) => Prove(left, Relation.LessOrEqual, right);

    /// <summary>left &lt;= right.</summary>
    public Proof ProveLessOrEqual(Dim left, long right) => Prove(left, Relation.LessOrEqual, Context.Const(right));

    /// <summary>left &lt; right.</summary>
    public Proof ProveLess(Dim left, Dim right) => Prove(left, Relation.Less, right);

    /// <summary>left &lt; right.</summary>
    public Proof ProveLess(Dim left, long right) => Prove(left, Relation.Less, Context.Const(right));

    /// <summary>left mod right = 0.</summary>
    public Proof ProveDivisible(Dim left, Dim right) => Prove(left, Relation.Divisible, right);

    /// <summary>left mod right = 0.</summary>
    public Proof ProveDivisible(Dim left, long right) => Prove(left, Relation.Divisible, Context.Const(right));

    /// <summary>Whether the relation is proved; false also where nothing is known.</summary>
    public bool IsTrue(Dim left, Relation relation, Dim right) => Prove(left, relation, right) == Proof.True;

    /// <summary>Makes sure of a relation: nothing where it is proved, else a guard that the runtime checks and that is assumed from then on.</summary>
    /// <exception cref="DimContradictionException">The facts refute it.</exception>
    public void Require(Dim left, Relation relation, Dim right, string reason)
    {
        lock (gate)
        {
            switch (Prove(left, relation, right))
            {
                case Proof.True:
                    return;
                case Proof.False:
                    throw new DimContradictionException($"'{Describe(left, relation, right)}' is required ({reason}) but can never hold.");
                default:
                    if (frozen > 0)
                    {
                        return;
                    }

                    if (relation == Relation.Equal)
                    {
                        (left, relation, right) = Plain(left, right) ?? Plain(right, left) ?? (left, relation, right);
                    }

                    Assume(left, relation, right, $"guard: {reason}");
                    guards.Add(new Guard(left, relation, right, reason));
                    return;
            }
        }
    }

    /// <summary>What a person would say instead of <c>a = min(a, b)</c>: <c>a &lt;= b</c>.</summary>
    private static (Dim Left, Relation Relation, Dim Right)? Plain(Dim dim, Dim extremum)
    {
        if (extremum.Kind is not (DimKind.Min or DimKind.Max) || extremum.Operands.Length != 2 || !extremum.Operands.Contains(dim))
        {
            return null;
        }

        var other = extremum.Operands[ReferenceEquals(extremum.Operands[0], dim) ? 1 : 0];
        return extremum.Kind == DimKind.Min ? (dim, Relation.LessOrEqual, other) : (other, Relation.LessOrEqual, dim);
    }

    /// <summary>
    /// Until the result is disposed, nothing is learned: what is unknown may be assumed or required without becoming a fact or a guard. For
    /// verifiers that run inference again.
    /// </summary>
    public IDisposable Freeze()
    {
        Interlocked.Increment(ref frozen);
        return new Thaw(this);
    }

    /// <summary>Takes over a guard that is among the facts already, as when a module is read back from text.</summary>
    public void RestoreGuard(Guard guard)
    {
        lock (gate)
        {
            guards.Add(guard);
        }
    }

    /// <summary>A copy to which more can be assumed, such as what one specialisation of a kernel may rely on.</summary>
    public Facts Clone()
    {
        lock (gate)
        {
            var copy = new Facts(Context);
            foreach (var fact in all)
            {
                copy.Assume(fact.Left, fact.Relation, fact.Right, fact.Source);
            }

            copy.likely.AddRange(likely);
            copy.guards.AddRange(guards);
            copy.InheritedGuards = guards.Count;
            return copy;
        }
    }

    /// <summary>An equal dim, the same for all dims that the facts are seen to equate.</summary>
    public Dim Simplify(Dim dim)
    {
        Context.Check(dim);
        lock (gate)
        {
            try
            {
                return engine.Simplify(dim);
            }
            catch (Exception exception) when (exception is OverflowException or DimTooLargeException)
            {
                return dim;
            }
        }
    }

    /// <summary>Bounds that follow from the facts.</summary>
    public DimRange Range(Dim dim)
    {
        Context.Check(dim);
        lock (gate)
        {
            try
            {
                return engine.Range(dim);
            }
            catch (Exception exception) when (exception is OverflowException or DimTooLargeException)
            {
                return DimRange.Unbounded;
            }
        }
    }

    internal static string Describe(Dim left, Relation relation, Dim right) => relation switch
    {
        Relation.Equal => $"{left} = {right}",
        Relation.LessOrEqual => $"{left} <= {right}",
        Relation.Less => $"{left} < {right}",
        Relation.Divisible => $"{left} % {right} = 0",
        _ => throw new ArgumentOutOfRangeException(nameof(relation)),
    };

    private sealed class Thaw(Facts facts) : IDisposable
    {
        private int done;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref done, 1) == 0)
            {
                Interlocked.Decrement(ref facts.frozen);
            }
        }
    }
}
