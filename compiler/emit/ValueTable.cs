using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Emit;

/// <summary>Gives buffers their value numbers when they are first mentioned.</summary>
/// <param name="slots">Where dims get their slots.</param>
/// <param name="results">What If and Loop steps give: memory of their own, whose dims may be known only after the step.</param>
internal sealed class ValueTable(SlotTable slots, IReadOnlySet<LoweredBuffer> results)
{
    private readonly List<ValueInfo> _values = [];
    private readonly Dictionary<LoweredBuffer, int> _ids = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<LoweredBuffer, int> _inputs = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<LoweredBuffer, int> _outputs = new(ReferenceEqualityComparer.Instance);

    /// <summary>Temporaries whose bytes are the memory of an output under another shape.</summary>
    private readonly Dictionary<LoweredBuffer, LoweredBuffer> _inOutput = new(ReferenceEqualityComparer.Instance);

    public ConstantPool Constants { get; } = new();

    public ValueInfo[] Build() => [.. _values];

    /// <summary>Says that a buffer is an input of the model.</summary>
    public void DeclareInput(LoweredBuffer buffer, int index) => _inputs.Add(buffer, index);

    /// <summary>
    /// Says that a buffer is an output of the model: it, or the temporary that it views, is made in the output's memory. False when that
    /// cannot be (an input, a constant, an output already) and the bytes have to be copied.
    /// </summary>
    public bool DeclareOutput(LoweredBuffer buffer, int index)
    {
        var root = buffer;
        while (root.Storage == BufferStorage.Alias)
        {
            root = root.AliasOf!;
        }

        var isFree = root.Storage == BufferStorage.Arena && !_outputs.ContainsKey(root) && !_inOutput.ContainsKey(root);
        var isView = !ReferenceEquals(root, buffer);
        if (!isFree || (isView && (results.Contains(root) || !DimsAreKnownWith(buffer, root))))
        {
            return false;
        }

        _outputs.Add(buffer, index);
        if (isView)
        {
            _inOutput.Add(root, buffer);
        }

        return true;
    }

    /// <summary>The value of a buffer.</summary>
    public int Of(LoweredBuffer buffer)
    {
        var chain = new Stack<LoweredBuffer>();
        for (var next = buffer; next is not null && !_ids.ContainsKey(next); next = Base(next))
        {
            chain.Push(next);
        }

        while (chain.TryPop(out var item))
        {
            _ids.Add(item, Add(item));
        }

        return _ids[buffer];
    }

    /// <summary>A value that no buffer of the program stands for.</summary>
    public int New(LoweredBuffer like, StorageKind storage, int index, string name) =>
        Append(like, [.. like.Type.Shape.Dims.Select(slots.Slot)], storage, index, name);

    /// <summary>A value whose axes have slots that a step defines.</summary>
    public int NewBound(LoweredBuffer buffer, int[] dims)
    {
        var (storage, index) = Place(buffer);
        var id = Append(buffer, dims, storage, index, NameOf(buffer));
        _ids.Add(buffer, id);
        return id;
    }

    private LoweredBuffer? Base(LoweredBuffer buffer) =>
        _outputs.ContainsKey(buffer) ? null : buffer.AliasOf ?? _inOutput.GetValueOrDefault(buffer);

    private int Add(LoweredBuffer buffer)
    {
        var (storage, index) = Place(buffer);
        return Append(buffer, [.. buffer.Type.Shape.Dims.Select(slots.Slot)], storage, index, NameOf(buffer));
    }

    private (StorageKind Storage, int Index) Place(LoweredBuffer buffer)
    {
        if (_inputs.TryGetValue(buffer, out var input))
        {
            return (StorageKind.Input, input);
        }

        if (_outputs.TryGetValue(buffer, out var output))
        {
            return (StorageKind.Output, output);
        }

        if (Base(buffer) is { } target)
        {
            return (StorageKind.Alias, _ids[target]);
        }

        return buffer.Storage == BufferStorage.Constant
            ? (StorageKind.Constant, Constants.Add(buffer.Constant!)) : (StorageKind.Temporary, 0);
    }

    private int Append(LoweredBuffer buffer, int[] dims, StorageKind storage, int index, string name)
    {
        if (dims.Length > ValueInfo.MaxRank)
        {
            throw new DlcException(ErrorCodes.Unsupported, $"the tensor '{name}' has {dims.Length} axes; at most {ValueInfo.MaxRank} are supported");
        }

        _values.Add(new ValueInfo
        {
            Type = ScalarTypeMap.Of(buffer.Type.Element),
            Dims = dims,
            Storage = storage,
            Index = index,
            Name = name,
        });
        return _values.Count - 1;
    }

    private static string NameOf(LoweredBuffer buffer) => buffer.Name ?? $"b{buffer.Id}";

    /// <summary>Whether the output's dims are known as soon as the temporary's are: it is mentioned through the output.</summary>
    private static bool DimsAreKnownWith(LoweredBuffer output, LoweredBuffer root)
    {
        var known = root.Type.Shape.Dims.SelectMany(SymbolSet.Of).ToHashSet();
        return output.Type.Shape.Dims.SelectMany(SymbolSet.Of).All(known.Contains);
    }
}
