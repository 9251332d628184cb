using Dlc.IR.Symbolic;
using Dlc.Runtime;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Memory;

/// <summary>
/// The least arena of a model as an expression of the symbols of its inputs: for each order of its steps the largest sum of bytes alive at one step. It is
/// the <see cref="MemoryReport.LowerBoundBytes"/> of a plan for any dims that the guards let pass; the arena itself is that or a little more.
/// </summary>
/// <remarks>
/// Two things make it an upper bound instead: scratch memory counts once for each thread, also where a launch has less work than threads, and symbols that
/// leave an output empty when they are 0 are taken to be 1 at least. What only the run knows (dims that data decides) is left out, as in the plan.
/// </remarks>
public sealed class MemoryFormula
{
    private const int Alignment = 64;
    private const int ScratchAlignment = 128;

    private readonly SlotDims _slots;
    private readonly Dim _threads;
    private readonly Dictionary<int, Dim?> _bytes = [];

    private MemoryFormula(CompiledModel model)
    {
        _slots = new SlotDims(model.Executable.Model);
        _threads = _slots.Dims.HasSymbol("threads") ? _slots.Dims.FreshSymbol("threads") : _slots.Dims.Symbol("threads");
        _slots.Facts.AssumeRange(_threads, 1, long.MaxValue, "threads of a session");
        var pieces = new PeakPieces(_slots.Facts, [.. _slots.Symbols, _threads]);
        Orders = [.. ArenaOutline.Of(model).Select(o => new OrderFormula(pieces.Of(Buffers(o)), o.Origins))];
    }

    /// <summary>The formulas of the orders; a run takes the order with the smallest arena.</summary>
    public IReadOnlyList<OrderFormula> Orders { get; }

    /// <summary>Symbols of the inputs, in the model's order.</summary>
    public IEnumerable<string> Symbols => _slots.Symbols.Select(s => s.Name!);

    /// <summary>Symbols that the formula takes to be at least 1.</summary>
    public IEnumerable<string> NotEmpty => _slots.NotEmpty.Select(s => s.Name!);

    /// <summary>The symbol that stands for the number of threads.</summary>
    public string Threads => _threads.Name!;

    /// <summary>Whether <see cref="Threads"/> occurs in the formula.</summary>
    public bool MentionsThreads => Orders.Any(o => o.Pieces.Any(p => SymbolSet.Mentions(p.Bytes, _threads)));

    /// <summary>The formula of a model.</summary>
    public static MemoryFormula Of(CompiledModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new MemoryFormula(model);
    }

    /// <summary>Bytes that an order of the steps needs at given dims.</summary>
    /// <param name="order">Index in <see cref="Orders"/>.</param>
    /// <param name="dims">Each symbol with its number.</param>
    /// <param name="threads">Threads of the session.</param>
    /// <exception cref="InvalidOperationException">A symbol is missing.</exception>
    /// <exception cref="OverflowException">The bytes do not fit 64 bits.</exception>
    public long Evaluate(int order, IEnumerable<KeyValuePair<string, long>> dims, int threads)
    {
        var evaluator = new DimEvaluator(_slots.Dims).Bind(_threads, threads);
        foreach (var (name, size) in dims)
        {
            evaluator.Bind(name, size);
        }

        return Orders[order].Pieces.Aggregate(0L, (most, piece) => Math.Max(most, evaluator.Evaluate(piece.Bytes)));
    }

    /// <summary>The items of an order, joined where they are one piece of memory.</summary>
    private List<SymbolicBuffer> Buffers(ArenaOutline outline)
    {
        var items = outline.Items;
        var sizes = items.Select(i => i.Scratch is { } launch ? ScratchOf(launch) : BytesOf(i.Value)).ToArray();
        var root = Enumerable.Range(0, items.Count).ToArray();
        var (handed, taken) = (new bool[items.Count], new bool[items.Count]);
        foreach (var pair in outline.Pairs)
        {
            if (!handed[pair.From] && !taken[pair.To] && AreEqual(sizes[pair.From], sizes[pair.To])
                && AreEqual(BytesOf(pair.FromValue), sizes[pair.From]) && AreEqual(BytesOf(pair.ToValue), sizes[pair.To]))
            {
                handed[pair.From] = true;
                taken[pair.To] = !pair.IsBranch;
                var (a, b) = (Find(pair.From), Find(pair.To));
                root[Math.Max(a, b)] = Math.Min(a, b);
            }
        }

        return
        [
            .. Enumerable.Range(0, items.Count).Where(i => items[i].First <= items[i].Last && sizes[i] is not null).GroupBy(Find).Select(group =>
                Buffer(sizes[group.Key]!, group.Min(i => items[i].First), group.Max(i => items[i].Last))),
        ];

        int Find(int item)
        {
            while (root[item] != item)
            {
                item = root[item];
            }

            return item;
        }
    }

    private SymbolicBuffer Buffer(Dim bytes, int first, int last)
    {
        var padded = Padded(bytes, Alignment);
        return new SymbolicBuffer(padded, ReferenceEquals(padded, bytes) ? null : bytes, first, last);
    }

    private bool AreEqual(Dim? a, Dim? b) => a is not null && b is not null && (ReferenceEquals(a, b) || _slots.Facts.ProveEqual(a, b) == Proof.True);

    private Dim? BytesOf(int value)
    {
        if (!_bytes.TryGetValue(value, out var bytes))
        {
            _bytes.Add(value, bytes = _slots.BytesOf(value));
        }

        return bytes;
    }

    /// <summary>Scratch memory of all threads that a launch may use.</summary>
    private Dim? ScratchOf(LaunchStep launch)
    {
        Dim? most = null;
        foreach (var variant in launch.Variants)
        {
            var bytes = variant.ScratchSlot < 0 ? _slots.Dims.Zero : _slots.Of(variant.ScratchSlot);
            if (bytes is null)
            {
                return null;
            }

            bytes = _slots.Facts.ProveLessOrEqual(_slots.Dims.Zero, bytes) == Proof.True ? bytes : bytes.Max(0);
            most = most is null ? bytes : most.Max(bytes);
        }

        var padded = Padded(most!, ScratchAlignment);
        var extent = launch.Variants is [{ ExtentSlot: >= 0 } one] ? _slots.Of(one.ExtentSlot) : null;
        var grain = launch.Variants is [{ GrainSlot: >= 0 } other] ? _slots.Of(other.GrainSlot) : _slots.Dims.One;
        var isAlone = launch.Variants is [{ ExtentSlot: < 0 }]
            || (extent is not null && grain is not null && _slots.Facts.ProveLessOrEqual(extent, grain) == Proof.True);
        return isAlone ? padded : padded * _threads;
    }

    private Dim Padded(Dim bytes, int alignment) => _slots.Facts.ProveDivisible(bytes, alignment) == Proof.True
        ? bytes : (bytes + (alignment - 1)).FloorDiv(alignment) * alignment;
}
