using System.Collections.Immutable;
using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>What <see cref="Op.Infer"/> sees: the input types and the facts. Problems become one <see cref="DlcException"/> that names the node.</summary>
public sealed class InferContext
{
    private readonly Op _op;
    private readonly ImmutableArray<Value> _inputs;
    private readonly ImmutableArray<string> _origins;
    private readonly List<TensorType> _outputs = [];

    internal InferContext(Module module, Facts facts, Op op, ImmutableArray<Value> inputs, ImmutableArray<Graph> regions, ImmutableArray<string> origins)
    {
        Module = module;
        Facts = facts;
        _op = op;
        _inputs = inputs;
        Regions = regions;
        _origins = origins;
    }

    public Module Module { get; }

    public DimContext Dims => Module.Dims;

    public Facts Facts { get; }

    public ImmutableArray<Graph> Regions { get; }

    public int InputCount => _inputs.Length;

    public IReadOnlyList<TensorType> Outputs => _outputs;

    public TensorType Input(int i) => i < _inputs.Length
        ? _inputs[i].Type : throw Error($"needs an input number {i}, but has {_inputs.Length} inputs");

    /// <summary>The input value itself; region operators look at where it comes from.</summary>
    public Value InputValue(int i) => _inputs[i];

    public void Output(TensorType type) => _outputs.Add(type);

    public void Output(ElementType element, Shape shape) => _outputs.Add(new TensorType(element, shape));

    public void ExpectInputs(int count)
    {
        if (_inputs.Length != count)
        {
            throw Error($"expects {count} inputs, found {_inputs.Length}");
        }
    }

    public void ExpectElement(int input, Func<ElementType, bool> accepted, string expected)
    {
        if (!accepted(Input(input).Element))
        {
            throw Error($"input {input} should be {expected}, found {Input(input)}");
        }
    }

    /// <summary>All inputs (or those given) have one element type; returns it.</summary>
    public ElementType ExpectSameElement(params ReadOnlySpan<int> inputs)
    {
        var first = Input(inputs.IsEmpty ? 0 : inputs[0]).Element;
        for (var i = 0; i < (inputs.IsEmpty ? InputCount : inputs.Length); i++)
        {
            var input = inputs.IsEmpty ? i : inputs[i];
            if (Input(input).Element != first)
            {
                throw Error($"inputs should have one element type, found {string.Join(" and ", _inputs.Select(v => v.Type))}");
            }
        }

        return first;
    }

    public void ExpectRank(int input, int rank)
    {
        if (Input(input).Rank != rank)
        {
            throw Error($"input {input} should have rank {rank}, found {Input(input)}");
        }
    }

    /// <summary>An axis from -rank to rank-1, made non-negative.</summary>
    public int Axis(long axis, int rank)
    {
        if (axis < -rank || axis >= rank)
        {
            throw Error($"axis {axis} is outside of rank {rank}");
        }

        return (int)(axis < 0 ? axis + rank : axis);
    }

    /// <summary>Two dims must be equal: proved, refuted (an error) or from now on guarded at run time.</summary>
    public void RequireEqual(Dim a, Dim b, string what)
    {
        // A clamp that must have no effect says more, and more clearly, as the bound itself: seq <= 512.
        var (clamp, other) = IsClampOf(a, b) ? (a, b) : (b, a);
        if (!IsClampOf(clamp, other))
        {
            Require(a, Relation.Equal, b, what);
            return;
        }

        foreach (var bound in clamp.Operands.Where(o => !ReferenceEquals(o, other)))
        {
            var (low, high) = clamp.Kind == DimKind.Min ? (other, bound) : (bound, other);
            Require(low, Relation.LessOrEqual, high, what);
        }
    }

    private static bool IsClampOf(Dim clamp, Dim dim) => clamp.Kind is DimKind.Min or DimKind.Max && clamp.Operands.Contains(dim);

    public void Require(Dim a, Relation relation, Dim b, string what)
    {
        try
        {
            Facts.Require(a, relation, b, _origins.IsEmpty ? $"{_op.Name}: {what}" : $"{_op.Name} '{_origins[0]}': {what}");
        }
        catch (DimContradictionException e)
        {
            throw Error($"{what}: {a} should be {Describe(relation)} {b} ({e.Message})", ErrorCodes.BadDim);
        }
    }

    /// <summary>
    /// The numpy broadcast of shapes. Dims that are neither provably equal nor provably 1: when they share a symbol they must be equal (a guard);
    /// independent ones stay general: the result is their maximum, guarded to be consistent at run time (see <see cref="BroadcastDim"/>).
    /// </summary>
    public Shape BroadcastShapes(params ReadOnlySpan<Shape> shapes)
    {
        var rank = 0;
        foreach (var shape in shapes)
        {
            rank = Math.Max(rank, shape.Rank);
        }

        var result = new Dim[rank];
        for (var axis = 0; axis < rank; axis++)
        {
            var dim = Dims.One;
            foreach (var shape in shapes)
            {
                var own = axis - (rank - shape.Rank);
                if (own >= 0)
                {
                    dim = BroadcastDim(dim, shape[own]);
                }
            }

            result[axis] = dim;
        }

        return new Shape([.. result]);
    }

    /// <summary>The broadcast of all inputs' shapes.</summary>
    public Shape BroadcastInputs()
    {
        var shapes = new Shape[InputCount];
        for (var i = 0; i < shapes.Length; i++)
        {
            shapes[i] = Input(i).Shape;
        }

        return BroadcastShapes(shapes);
    }

    public DlcException Error(string message, string code = ErrorCodes.BadOperands) =>
        new(code, $"{_op.Name} {message}", _origins.IsEmpty ? null : $"node '{_origins[0]}'");

    private Dim BroadcastDim(Dim a, Dim b)
    {
        if (ReferenceEquals(a, b) || b.Is(1))
        {
            return a;
        }

        if (a.Is(1))
        {
            return b;
        }

        a = Facts.Simplify(a);
        b = Facts.Simplify(b);
        if (ReferenceEquals(a, b) || b.Is(1))
        {
            return a;
        }

        if (a.Is(1))
        {
            return b;
        }

        // A number other than 1 decides the result; the other side is that number or 1, which the reader tests at run time.
        if (a.IsConstant || b.IsConstant)
        {
            var (number, other) = a.IsConstant ? (a, b) : (b, a);
            if (other.IsConstant)
            {
                throw Error($"cannot broadcast dims {a} and {b}", ErrorCodes.BadDim);
            }

            if (Facts.ProveLessOrEqual(Dims.Const(2), other) == Proof.True)
            {
                RequireEqual(number, other, "broadcast dims");
            }
            else if (number.Is(0))
            {
                Require(other, Relation.LessOrEqual, Dims.One, "broadcast dims");
            }
            else
            {
                // (other - 1) * (number - other) = 0: it is one of the two.
                RequireEqual((other - 1) * (number - other), Dims.Zero, "broadcast dims");
            }

            return number;
        }

        // What broadcast already: the maximum of a and b against b again.
        if (Holds(a, b) || Holds(b, a))
        {
            return Holds(a, b) ? a : b;
        }

        if (MayBothVary(a, b))
        {
            RequireEqual((a - 1) * (b - 1) * (a - b), Dims.Zero, "broadcast dims");

            // 0 against 1 is 0, which the maximum is not: that pair is refused.
            Require(a.Max(b), Relation.LessOrEqual, a * b, "broadcast dims");
            return a.Max(b);
        }

        // Of two ways to write one size the shorter goes on: clamps of a slice end here instead of spreading.
        RequireEqual(a, b, "broadcast dims");
        return Size(b) < Size(a) ? b : a;
    }

    /// <summary>How many parts a dim is written with.</summary>
    private static int Size(Dim dim)
    {
        var (count, pending) = (0, new Stack<Dim>([dim]));
        while (pending.TryPop(out var item))
        {
            count++;
            foreach (var part in item.Operands.Concat(item.Terms.Select(t => t.Monomial)))
            {
                pending.Push(part);
            }
        }

        return count;
    }

    /// <summary>Whether every operand of the maximum <paramref name="part"/> (itself, where it is none) is one of <paramref name="whole"/>.</summary>
    private static bool Holds(Dim whole, Dim part) => whole.Kind == DimKind.Max
        && (part.Kind == DimKind.Max ? part.Operands.All(o => whole.Operands.Contains(o)) : whole.Operands.Contains(part));

    /// <summary>Independent dims may each be 1; dims that share a symbol come from one size and are taken to be equal.</summary>
    private static bool MayBothVary(Dim a, Dim b)
    {
        var symbols = SymbolsOf(a);
        return !SymbolsOf(b).Any(symbols.Contains);
    }

    private static HashSet<Dim> SymbolsOf(Dim dim)
    {
        var symbols = new HashSet<Dim>();
        var seen = new HashSet<Dim>();
        var pending = new Stack<Dim>([dim]);
        while (pending.TryPop(out var item))
        {
            if (!seen.Add(item))
            {
                continue;
            }

            if (item.IsSymbol)
            {
                symbols.Add(item);
            }

            foreach (var operand in item.Operands)
            {
                pending.Push(operand);
            }

            foreach (var term in item.Terms)
            {
                pending.Push(term.Monomial);
            }
        }

        return symbols;
    }

    private static string Describe(Relation relation) => relation switch
    {
        Relation.Equal => "equal to",
        Relation.LessOrEqual => "at most",
        Relation.Less => "below",
        Relation.Divisible => "divisible by",
        _ => throw new InvalidOperationException($"unknown relation {relation}"),
    };
}
