using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>
/// What the truths that are dims (0 or 1, made of minima and maxima) say, so that a branch taken on one can rely on it in plain words.
/// </summary>
internal sealed class SymbolicTruths
{
    /// <summary>Truth: the difference is 0 (Equal), or above 0 (Less).</summary>
    private readonly Dictionary<Dim, (Dim Difference, Relation Relation)> _known = [];

    /// <summary>Notes that a truth says <c>difference = 0</c> or <c>0 &lt; difference</c>.</summary>
    public void Note(Dim truth, Dim difference, Relation relation) => _known[truth] = (difference, relation);

    /// <summary>Adds to the facts that a truth holds (or does not). False where they refute it.</summary>
    public bool TryAssume(Facts facts, Dim truth, bool holds, string source)
    {
        var (left, relation, right) = Claim(facts, truth, holds);
        if (facts.Prove(left, relation, right) == Proof.False)
        {
            return false;
        }

        facts.Assume(left, relation, right, source);
        return true;
    }

    /// <summary>Makes the runtime check that a truth holds (or does not), and relies on it.</summary>
    public void Require(Facts facts, Dim truth, bool holds, string reason)
    {
        var (left, relation, right) = Claim(facts, truth, holds);
        facts.Require(left, relation, right, reason);
    }

    private (Dim Left, Relation Relation, Dim Right) Claim(Facts facts, Dim truth, bool holds)
    {
        var zero = facts.Context.Zero;
        if (!_known.TryGetValue(truth, out var said))
        {
            if (!_known.TryGetValue(1 - truth, out said))
            {
                return (truth, Relation.Equal, holds ? facts.Context.One : zero);
            }

            holds = !holds;
        }

        return (said.Relation, holds) switch
        {
            (Relation.Equal, true) => (said.Difference, Relation.Equal, zero),
            (Relation.Less, true) => (zero, Relation.Less, said.Difference),
            (Relation.Less, false) => (said.Difference, Relation.LessOrEqual, zero),
            _ when facts.ProveLessOrEqual(zero, said.Difference) == Proof.True => (zero, Relation.Less, said.Difference),
            _ when facts.ProveLessOrEqual(said.Difference, zero) == Proof.True => (said.Difference, Relation.Less, zero),
            _ => (facts.Context.One, Relation.LessOrEqual, said.Difference.Max(-said.Difference)),
        };
    }
}
