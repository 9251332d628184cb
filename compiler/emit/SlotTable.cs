using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;
using Dlc.Runtime.Format;
using Guard = Dlc.Runtime.Format.Guard;

namespace Dlc.Compiler.Emit;

/// <summary>
/// Gives dims their slots. Bind points open one after the other and close with the program they belong to; an expression is computed once, at
/// the earliest open point where all its symbols have values, so that as much memory as possible can be planned at entry.
/// </summary>
internal sealed class SlotTable(Facts facts)
{
    private readonly List<BindPointBuilder> _open = [];
    private readonly Dictionary<Dim, (int Slot, int Level)> _slots = [];
    private readonly List<List<Dim>> _definedAt = [];
    private readonly List<string> _names = [];
    private readonly HashSet<Dim> _sought = [];

    /// <summary>The point before which nothing is computed: in a program that may not run, sizes that only it needs may make no sense outside.</summary>
    public int Floor { get; set; }

    /// <summary>How each slot reads.</summary>
    public string[] Names => [.. _names];

    /// <summary>How many bind points are open.</summary>
    public int Depth => _open.Count;

    /// <summary>Opens a bind point; what needs a symbol defined from here on is computed in it.</summary>
    public BindPointBuilder Open()
    {
        var point = new BindPointBuilder();
        _open.Add(point);
        _definedAt.Add([]);
        return point;
    }

    /// <summary>Closes the points beyond a depth (the end of a sub-program): what they defined is forgotten.</summary>
    public void CloseTo(int depth)
    {
        while (_open.Count > depth)
        {
            foreach (var dim in _definedAt[^1])
            {
                _slots.Remove(dim);
            }

            _definedAt.RemoveAt(_definedAt.Count - 1);
            _open.RemoveAt(_open.Count - 1);
        }
    }

    /// <summary>Whether the symbol has a slot here.</summary>
    public bool IsDefined(Dim symbol) => _slots.ContainsKey(symbol);

    /// <summary>
    /// A slot that something else than an instruction defines in the point opened last (an axis, a step). Where the facts already gave the
    /// dim a value, the point checks that they agree.
    /// </summary>
    public int Define(Dim dim)
    {
        var slot = NewSlot(TextOf(dim));
        if (_slots.TryGetValue(dim, out var known))
        {
            _open[^1].Guards.Add(new Guard(slot, GuardRelation.Equal, known.Slot, $"{dim} is known from other sizes"));
        }
        else
        {
            Remember(dim, slot, _open.Count - 1);
        }

        return slot;
    }

    /// <summary>A slot that a step defines and nothing reads.</summary>
    public int DefineNameless(string name) => NewSlot(name);

    /// <summary>Makes the point opened last compute a symbol as a function of what is defined.</summary>
    public int DefineAs(Dim symbol, Dim value)
    {
        var source = Slot(value);
        var slot = Define(symbol);
        _open[^1].Instructions.Add(new ShapeInstruction(ShapeOp.Move, slot, source));
        return slot;
    }

    /// <summary>Whether the dim can be computed here.</summary>
    public bool CanCompute(Dim dim) => FirstUndefined(dim) is null;

    /// <summary>The symbols in a dim that have no value here.</summary>
    public IReadOnlyList<Dim> UndefinedIn(Dim dim) => [.. SymbolSet.Of(dim).Where(s => !_slots.ContainsKey(s))];

    /// <summary>The earliest open point, from a floor on, in which both dims are known.</summary>
    public BindPointBuilder PointOf(Dim a, Dim b, int floor)
    {
        Slot(a);
        Slot(b);
        return _open[Math.Max(floor, Math.Max(_slots[a].Level, _slots[b].Level))];
    }

    /// <summary>The slot that holds the value of a dim, which is computed at the earliest point where that is possible.</summary>
    public int Slot(Dim root)
    {
        var pending = new Stack<Dim>();
        pending.Push(root);
        while (pending.TryPeek(out var dim))
        {
            if (_slots.ContainsKey(dim))
            {
                pending.Pop();
                continue;
            }

            var ready = pending.Count;
            var operands = OperandsOf(dim);
            foreach (var operand in operands)
            {
                if (!_slots.ContainsKey(operand))
                {
                    pending.Push(operand);
                }
            }

            if (pending.Count == ready)
            {
                Compute(dim, operands);
                pending.Pop();
            }
        }

        return _slots[root].Slot;
    }

    /// <summary>A dim as the user calls it: a symbol by its bare name, whatever is in it.</summary>
    public static string TextOf(Dim dim) => dim.Name ?? dim.ToString();

    private Dim? FirstUndefined(Dim dim) => SymbolSet.Of(dim).FirstOrDefault(s => !_slots.ContainsKey(s) && Definition(s) is null);

    /// <summary>An expression that the facts know to be equal to a symbol without a slot, and that can be computed here.</summary>
    private Dim? Definition(Dim symbol)
    {
        if (!_sought.Add(symbol))
        {
            return null;
        }

        try
        {
            var simple = facts.Simplify(symbol);
            if (!ReferenceEquals(simple, symbol) && CanCompute(simple))
            {
                return simple;
            }

            foreach (var fact in facts.All.Where(f => f.Relation == Relation.Equal))
            {
                var difference = fact.Left - fact.Right;
                var (_, terms) = DimContext.Polynomial(difference);
                var own = terms.FirstOrDefault(t => ReferenceEquals(t.Monomial, symbol));
                if (own.Coefficient is 1 or -1)
                {
                    var equal = own.Coefficient == 1 ? symbol - difference : symbol + difference;
                    if (!SymbolSet.Of(equal).Contains(symbol) && CanCompute(equal))
                    {
                        return equal;
                    }
                }
            }

            return null;
        }
        finally
        {
            _sought.Remove(symbol);
        }
    }

    /// <summary>What a dim is computed from. A symbol without a value is computed from a dim that the facts know to be equal.</summary>
    private IReadOnlyList<Dim> OperandsOf(Dim dim) => dim.Kind switch
    {
        DimKind.Constant => [],
        DimKind.Symbol => [Definition(dim)
            ?? throw new InternalCompilerException("emit", null, $"the symbol '{dim}' has no value where it is needed")],
        DimKind.Sum => [.. dim.Terms.Select(t => t.Monomial)],
        _ => dim.Operands,
    };

    private void Compute(Dim dim, IReadOnlyList<Dim> operands)
    {
        var level = operands.Count == 0 ? 0 : Math.Max(Floor, operands.Max(o => _slots[o].Level));
        var code = _open[level].Instructions;
        int slot;
        switch (dim.Kind)
        {
            case DimKind.Constant:
                slot = NewSlot(dim.ToString());
                code.Add(ShapeInstruction.Const(slot, dim.Constant));
                break;
            case DimKind.Symbol:
                slot = _slots[operands[0]].Slot;
                break;
            case DimKind.FloorDiv:
                slot = NewSlot(dim.ToString());
                code.Add(new ShapeInstruction(ShapeOp.FloorDiv, slot, SlotOf(operands[0]), SlotOf(operands[1])));
                break;
            case DimKind.Sum:
                slot = ComputeSum(dim, code);
                break;
            case DimKind.Product:
                slot = Chain(ShapeOp.Mul, [.. operands.Select(SlotOf)], dim, code);
                break;
            case DimKind.Min:
                slot = Chain(ShapeOp.Min, [.. operands.Select(SlotOf)], dim, code);
                break;
            case DimKind.Max:
                slot = Chain(ShapeOp.Max, [.. operands.Select(SlotOf)], dim, code);
                break;
            default:
                throw new InvalidOperationException($"unknown kind of dim {dim.Kind}");
        }

        Remember(dim, slot, level);
    }

    private int ComputeSum(Dim dim, List<ShapeInstruction> code)
    {
        var parts = new List<(ShapeOp Op, int Slot)>();
        foreach (var (coefficient, monomial) in dim.Terms)
        {
            var slot = SlotOf(monomial);
            if (coefficient is 1 or -1)
            {
                parts.Add((coefficient == 1 ? ShapeOp.Add : ShapeOp.Sub, slot));
                continue;
            }

            var scaled = NewSlot($"{coefficient}*{monomial}");
            code.Add(new ShapeInstruction(ShapeOp.Mul, scaled, Slot(dim.Context.Const(coefficient)), slot));
            parts.Add((ShapeOp.Add, scaled));
        }

        if (dim.Constant != 0)
        {
            parts.Add((ShapeOp.Add, Slot(dim.Context.Const(dim.Constant))));
        }

        // The first summand of a sum that begins with a difference is 0.
        var first = parts.FindIndex(p => p.Op == ShapeOp.Add);
        var sum = first < 0 ? Slot(dim.Context.Zero) : parts[first].Slot;
        var rest = parts.Where((_, i) => i != first).ToList();
        for (var i = 0; i < rest.Count; i++)
        {
            var next = NewSlot(i == rest.Count - 1 ? dim.ToString() : $"a part of {dim}");
            code.Add(new ShapeInstruction(rest[i].Op, next, sum, rest[i].Slot));
            sum = next;
        }

        return sum;
    }

    private int Chain(ShapeOp op, int[] operands, Dim dim, List<ShapeInstruction> code)
    {
        var result = operands[0];
        for (var i = 1; i < operands.Length; i++)
        {
            var next = NewSlot(i == operands.Length - 1 ? dim.ToString() : $"a part of {dim}");
            code.Add(new ShapeInstruction(op, next, result, operands[i]));
            result = next;
        }

        return result;
    }

    private int SlotOf(Dim dim) => _slots[dim].Slot;

    private int NewSlot(string name)
    {
        _names.Add(name);
        return _names.Count - 1;
    }

    private void Remember(Dim dim, int slot, int level)
    {
        _slots.Add(dim, (slot, level));
        _definedAt[level].Add(dim);
    }
}
