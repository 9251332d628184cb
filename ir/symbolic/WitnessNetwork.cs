using System.Numerics;

namespace Dlc.IR.Symbolic;

/// <summary>
/// The facts as constraints between symbols, and local repair: a binding (a lane) that violates some of them is mended by moving symbols that
/// they mention, within ranges and known multiples, and looking again at the facts of the symbols that moved.
/// </summary>
internal sealed class WitnessNetwork(WitnessValues witnesses, Rewriter rewriter, Bounds bounds)
{
    /// <summary>Nested quotients and extrema through which a repair reaches.</summary>
    private const int MaximumDepth = 4;

    private const int TriesForEquality = 24;
    private const int MovesToReach = 32;

    private readonly List<WitnessConstraint> constraints = [];
    private readonly Dictionary<Dim, List<WitnessConstraint>> users = [];
    private readonly Queue<WitnessConstraint> queue = [];
    private readonly int[] movesLeft = new int[LaneMath.Count];
    private List<(double[] Values, double Value)>? undo;
    private ulong state;
    private int lane;

    /// <summary>What is tried first.</summary>
    private bool isRaising;

    /// <summary>What was done since the start, in evaluations of facts.</summary>
    public long Work { get; private set; }

    /// <summary>One constraint a fact, in order.</summary>
    public IReadOnlyList<WitnessConstraint> Constraints => constraints;

    /// <summary>Adds a fact.</summary>
    public void Add(Fact fact)
    {
        var constraint = new WitnessConstraint(fact);
        constraints.Add(constraint);
        foreach (var term in constraint.Form.Terms)
        {
            foreach (var factor in term.Monomial.Factors)
            {
                Register(factor, constraint);
            }
        }

        if (constraint.Divisor is { IsConstant: false } divisor)
        {
            Register(divisor, constraint);
        }
    }

    /// <summary>
    /// Makes lanes satisfy all facts, when those that are given are the ones that may be violated; some lanes rather raise symbols, the others
    /// rather lower them. Gives the lanes for which that was found.
    /// </summary>
    public uint Repair(uint lanes, uint raising, IEnumerable<WitnessConstraint> suspects)
    {
        queue.Clear();
        foreach (var constraint in suspects)
        {
            Enqueue(constraint);
        }

        Array.Fill(movesLeft, (2 * witnesses.Symbols.Count) + 64);
        state = (ulong)constraints.Count;
        for (var limit = Work + (4L * constraints.Count) + 1000; lanes != 0 && Work < limit && queue.TryDequeue(out var constraint); Work++)
        {
            constraint.IsQueued = false;
            for (var violated = lanes & ~witnesses.Satisfied(constraint); violated != 0; violated &= violated - 1)
            {
                lane = BitOperations.TrailingZeroCount(violated);
                isRaising = (raising & (1u << lane)) != 0;
                var violation = Violation(constraint);
                if (movesLeft[lane]-- == 0 || double.IsNaN(violation) || (violation != 0 && !Mend(constraint, violation)))
                {
                    lanes &= ~(1u << lane);
                }
                else
                {
                    Enqueue(constraint);
                }
            }
        }

        // What is left to be looked at may hold all the same.
        foreach (var constraint in queue)
        {
            constraint.IsQueued = false;
            lanes &= lanes == 0 ? 0 : witnesses.Satisfied(constraint);
        }

        return lanes;
    }

    /// <summary>
    /// Changes a lane that satisfies all facts so that form >= 0 holds too. False where that is not found: then the lane is as before.
    /// </summary>
    public bool Reach(int lane, LinearForm form)
    {
        isRaising = !isRaising;
        this.lane = lane;
        state = (ulong)lane * 0x9e3779b97f4a7c15;
        queue.Clear();
        var moves = MovesToReach;
        undo = [];
        var limit = Work + constraints.Count + 500;
        var isMended = true;
        while (isMended && Evaluate(form, 0) is var value && value is not >= 0)
        {
            isMended = moves-- > 0 && !double.IsNaN(value) && Move(form, -value, isExact: false, 0) && Run(ref moves, limit);
        }

        for (var i = undo.Count - 1; i >= 0 && !isMended; i--)
        {
            undo[i].Values[lane] = undo[i].Value;
        }

        undo = null;
        return isMended;
    }

    private bool Run(ref int moves, long limit)
    {
        var isMended = true;
        while (isMended && Work < limit && queue.TryDequeue(out var constraint))
        {
            constraint.IsQueued = false;
            Work++;
            if (Violation(constraint) is not 0 and var violation)
            {
                isMended = moves-- > 0 && !double.IsNaN(violation) && Mend(constraint, violation);
                Enqueue(constraint);
            }
        }

        isMended &= queue.Count == 0;
        foreach (var constraint in queue)
        {
            constraint.IsQueued = false;
        }

        return isMended;
    }

    /// <summary>Sets a symbol in one lane; gives the facts that mention it.</summary>
    public IReadOnlyList<WitnessConstraint> Set(Dim symbol, int lane, double value)
    {
        witnesses.Writable(symbol)[lane] = value;
        return users.GetValueOrDefault(symbol) ?? [];
    }

    private void Register(Dim atom, WitnessConstraint constraint)
    {
        if (!atom.IsSymbol)
        {
            foreach (var symbol in SymbolSet.Of(atom))
            {
                Register(symbol, constraint);
            }

            return;
        }

        if (!users.TryGetValue(atom, out var list))
        {
            users.Add(atom, list = []);
        }

        if (list.Count == 0 || list[^1] != constraint)
        {
            list.Add(constraint);
        }
    }

    /// <summary>0 where the constraint holds; else the amount by which the form has to change.</summary>
    private double Violation(WitnessConstraint constraint)
    {
        var value = Evaluate(constraint.Form, 0);
        switch (constraint.Relation)
        {
            case Relation.LessOrEqual:
                return value >= 0 ? 0 : -value;
            case Relation.Equal:
                return -value;
            default:
                var divisor = Evaluate(LinearForm.Of(constraint.Divisor!), 0);
                var rest = value - (divisor * Math.Floor(value / divisor));
                return rest == 0 ? 0 : !isRaising ? -rest : divisor - rest;
        }
    }

    private bool Mend(WitnessConstraint constraint, double violation)
    {
        if (constraint.Relation != Relation.Equal)
        {
            return Move(constraint.Form, violation, isExact: false, 0);
        }

        for (var i = 0; i < TriesForEquality; i++)
        {
            if (Move(constraint.Form, violation, isExact: true, 0))
            {
                return true;
            }

            // No single symbol makes up for it: another one moves a little first.
            var terms = constraint.Form.Terms;
            var factors = terms[(int)(Next() % (ulong)terms.Length)].Monomial.Factors;
            var symbol = factors[(int)(Next() % (ulong)factors.Length)];
            var step = symbol.IsSymbol ? rewriter.Step(symbol) : 1;
            Shift(symbol, isRaising ? step : -step, isExact: false, 0);
            violation = -Evaluate(constraint.Form, 0);
            if (violation == 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Changes the form by at least the amount (exactly, where asked), or as far as a range lets it.</summary>
    private bool Move(LinearForm form, double amount, bool isExact, int depth)
    {
        var terms = form.Terms;
        var start = terms.Length == 0 ? 0 : (int)(Next() % (ulong)terms.Length);
        for (var pass = 0; pass < 2; pass++)
        {
            for (var i = 0; i < terms.Length; i++)
            {
                var (coefficient, monomial) = terms[(i + start) % terms.Length];
                foreach (var factor in monomial.Factors)
                {
                    var slope = coefficient * Others(monomial, factor);
                    if (slope is 0 or double.NaN || (isExact && amount % slope != 0))
                    {
                        continue;
                    }

                    var delta = amount / slope;
                    delta = delta > 0 ? Math.Ceiling(delta) : Math.Floor(delta);
                    if (delta > 0 == (isRaising == (pass == 0)) && Shift(factor, delta, isExact, depth))
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    /// <summary>The product of the other factors: by how much the monomial changes for each step of this one.</summary>
    private double Others(Dim monomial, Dim factor)
    {
        if (monomial.Degree == 1)
        {
            return 1;
        }

        var result = 1.0;
        var isFound = false;
        foreach (var other in monomial.Factors)
        {
            if (ReferenceEquals(other, factor) && !isFound)
            {
                isFound = true;
                continue;
            }

            result *= Evaluate(other, 0);
        }

        return result;
    }

    private bool Shift(Dim atom, double delta, bool isExact, int depth)
    {
        switch (atom.Kind)
        {
            case DimKind.Symbol:
                return ShiftSymbol(atom, delta, isExact);
            case DimKind.FloorDiv when depth < MaximumDepth && atom.Operands[1].IsConstant:
                return Move(LinearForm.Of(atom.Operands[0]), delta * atom.Operands[1].Constant, isExact: false, depth + 1);
            case DimKind.Min or DimKind.Max when depth < MaximumDepth:
                var chosen = atom.Operands[0];
                foreach (var operand in atom.Operands)
                {
                    var isLess = Evaluate(LinearForm.Of(operand), depth + 1) < Evaluate(LinearForm.Of(chosen), depth + 1);
                    chosen = isLess == (atom.Kind == DimKind.Min) ? operand : chosen;
                }

                return Move(LinearForm.Of(chosen), delta, isExact: false, depth + 1);
            default:
                return false;
        }
    }

    private bool ShiftSymbol(Dim symbol, double delta, bool isExact)
    {
        var (values, step, range) = (witnesses.Writable(symbol), rewriter.Step(symbol), bounds.Of(symbol));
        var old = values[lane];
        var steps = delta / step;
        steps = delta > 0 ? Math.Ceiling(steps) : Math.Floor(steps);
        var target = old + (steps * step);
        if (isExact && (steps * step != delta || target < range.Minimum || target > range.Maximum))
        {
            return false;
        }

        target = LaneMath.Value(Math.Max(Math.Min(target, range.Maximum), range.Minimum));
        target = double.IsNaN(target) ? old : WitnessSeed.Fit((long)target, step, range);
        if (target == old)
        {
            return false;
        }

        undo?.Add((values, old));
        values[lane] = target;
        if (users.TryGetValue(symbol, out var list))
        {
            foreach (var user in list)
            {
                Enqueue(user);
            }
        }

        return true;
    }

    private double Evaluate(LinearForm form, int depth)
    {
        double sum = form.Constant;
        foreach (var (coefficient, monomial) in form.Terms)
        {
            double product = coefficient;
            foreach (var factor in monomial.Factors)
            {
                product *= Evaluate(factor, depth);
            }

            sum += product;
        }

        return LaneMath.Value(sum);
    }

    private double Evaluate(Dim atom, int depth)
    {
        if (atom.IsSymbol)
        {
            return witnesses.Writable(atom)[lane];
        }

        if (depth > 2 * MaximumDepth)
        {
            return double.NaN;
        }

        switch (atom.Kind)
        {
            case DimKind.FloorDiv:
                var (dividend, divisor) = (Operand(0), Operand(1));
                return divisor is 0 or double.NaN || double.IsNaN(dividend) ? double.NaN : IntegerMath.FloorDiv((long)dividend, (long)divisor);
            case DimKind.Min or DimKind.Max:
                var best = Operand(0);
                for (var i = 1; i < atom.Operands.Length; i++)
                {
                    best = atom.Kind == DimKind.Min ? Math.Min(best, Operand(i)) : Math.Max(best, Operand(i));
                }

                return best;
            default:
                throw new InvalidOperationException($"'{atom}' is no atom.");
        }

        double Operand(int i) => Evaluate(LinearForm.Of(atom.Operands[i]), depth + 1);
    }

    private void Enqueue(WitnessConstraint constraint)
    {
        if (!constraint.IsQueued)
        {
            constraint.IsQueued = true;
            queue.Enqueue(constraint);
        }
    }

    private ulong Next() => WitnessSeed.Mix(state += 0x9e3779b97f4a7c15);
}
