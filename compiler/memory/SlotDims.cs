using Dlc.IR.Symbolic;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Memory;

/// <summary>
/// The shape program of an executable, read back as symbolic dims: what each slot is in terms of the symbols of the inputs, and what the guards say of
/// them. Covers the entry; slots that later bind points define have no dim.
/// </summary>
internal sealed class SlotDims
{
    private readonly ExecutableModel _model;
    private readonly Dim?[] _slots;

    public SlotDims(ExecutableModel model)
    {
        _model = model;
        Dims = new DimContext();
        Facts = new Facts(Dims);
        _slots = new Dim?[model.SlotNames.Length];
        var symbols = new List<Dim>();
        foreach (var axis in model.Inputs.SelectMany(i => i.Axes).Where(a => a.Kind == InputAxisKind.Bind))
        {
            var symbol = Dims.HasSymbol(axis.Text) ? Dims.FreshSymbol(axis.Text) : Facts.NewDim(axis.Text);
            _slots[axis.Slot] = symbol;
            symbols.Add(symbol);
        }

        Symbols = symbols;
        foreach (var instruction in model.Entry.Instructions)
        {
            _slots[instruction.Target] = Compute(instruction);
        }

        foreach (var guard in model.Entry.Guards)
        {
            Assume(guard);
        }

        foreach (var symbol in symbols.Where(MakesNothing))
        {
            if (Facts.Range(symbol).Maximum >= 1)
            {
                Facts.AssumeRange(symbol, 1, long.MaxValue, "a run that gives something");
                NotEmpty.Add(symbol);
            }
        }
    }

    public DimContext Dims { get; }

    /// <summary>What the guards of the entry say, and that dims are not negative.</summary>
    public Facts Facts { get; }

    /// <summary>The symbols of the inputs in the model's order.</summary>
    public IReadOnlyList<Dim> Symbols { get; }

    /// <summary>Symbols taken to be at least 1, as an output is empty otherwise: facts about runs that compute nothing would only blur the formula.</summary>
    public List<Dim> NotEmpty { get; } = [];

    /// <summary>What a slot is; null for one that only the run knows.</summary>
    public Dim? Of(int slot) => _slots[slot] is { } dim ? Facts.Simplify(dim) : null;

    /// <summary>Bytes of a value; null where only the run knows.</summary>
    public Dim? BytesOf(int value)
    {
        var info = _model.Values[value];
        var bytes = Dims.Const(info.Type.SizeOf());
        foreach (var slot in info.Dims)
        {
            if (Of(slot) is not { } dim)
            {
                return null;
            }

            bytes *= dim;
        }

        return Facts.Simplify(bytes);
    }

    private Dim? Compute(ShapeInstruction i)
    {
        if (i.Op == ShapeOp.Const)
        {
            return Dims.Const(i.Immediate);
        }

        var (a, b) = (_slots[i.A], _slots[i.B]);
        if (a is null || (b is null && i.Op != ShapeOp.Move))
        {
            return null;
        }

        try
        {
            return i.Op switch
            {
                ShapeOp.Move => a,
                ShapeOp.Add => a + b!,
                ShapeOp.Sub => a - b!,
                ShapeOp.Mul => a * b!,
                ShapeOp.FloorDiv => a.FloorDiv(b!),
                ShapeOp.CeilDiv => a.CeilDiv(b!),
                ShapeOp.Mod => a.Mod(b!),
                ShapeOp.Min => a.Min(b!),
                ShapeOp.Max => a.Max(b!),
                _ => null,
            };
        }
        catch (Exception e) when (e is ArithmeticException or DimTooLargeException)
        {
            return null;
        }
    }

    private void Assume(Runtime.Format.Guard guard)
    {
        if (_slots[guard.A] is not { } a || _slots[guard.B] is not { } b)
        {
            return;
        }

        try
        {
            switch (guard.Relation)
            {
                case GuardRelation.Equal:
                    Facts.Assume(a, Relation.Equal, b, guard.Message);
                    break;
                case GuardRelation.LessOrEqual:
                    Facts.Assume(a, Relation.LessOrEqual, b, guard.Message);
                    break;
                case GuardRelation.Less:
                    Facts.Assume(a, Relation.Less, b, guard.Message);
                    break;
                case GuardRelation.Divides:
                    Facts.Assume(b, Relation.Divisible, a, guard.Message);
                    break;
                default:
                    break;
            }
        }
        catch (DimContradictionException)
        {
            // No dims pass these guards; the formula speaks of no run then, whatever it says.
        }
    }

    /// <summary>Whether 0 for this symbol leaves an output without elements.</summary>
    private bool MakesNothing(Dim symbol)
    {
        const long Sample = 64;
        var evaluator = new DimEvaluator(Dims);
        foreach (var other in Symbols)
        {
            evaluator.Bind(other, ReferenceEquals(other, symbol) ? 0 : Sample);
        }

        return _model.Outputs.Any(o => _model.Values[o.Value].Dims.Any(slot => _slots[slot] is { } dim && evaluator.TryEvaluate(dim, out var size) && size == 0));
    }
}
