using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// What a name of the model stands for: an IR value, a constant, or a tensor whose contents are known symbolically. The latter two become IR
/// only when somebody reads the data, and then once, in the graph that owns them.
/// </summary>
public sealed class OnnxValue
{
    /// <summary>Stands for an input that a call of a function leaves out.</summary>
    internal static readonly OnnxValue LeftOut = new();

    /// <summary>An optional without a value.</summary>
    internal static readonly OnnxValue Nothing = new();

    private readonly GraphBuilder _owner;
    private readonly string? _name;
    private Value? _value;
    private SymbolicTensor? _contents;
    private readonly Dictionary<int, Value> _elements = [];
    private bool _isConstantFollowed;

    /// <summary>A value that exists.</summary>
    public OnnxValue(GraphBuilder owner, Value value)
    {
        (_owner, _value, Type) = (owner, value, value.Type);
    }

    /// <summary>A constant.</summary>
    public OnnxValue(GraphBuilder owner, Tensor constant, string? name)
    {
        (_owner, Constant, _name, Type) = (owner, constant, name, constant.TypeIn(owner.Dims));
    }

    /// <summary>A tensor whose contents are known.</summary>
    public OnnxValue(GraphBuilder owner, SymbolicTensor contents, string? name)
    {
        (_owner, _contents, _name, Type) = (owner, contents, name, contents.TypeIn(owner.Dims));
        Constant = contents.ToTensor();
    }

    /// <summary>A sequence of known length, which exists at import only.</summary>
    public OnnxValue(IReadOnlyList<OnnxValue> items)
        : this() => Items = items;

    private OnnxValue()
    {
        (_owner, Type) = (null!, null!);
    }

    /// <summary>The tensor's type. A sequence and an optional without a value have none, and are no arguments of operators on tensors.</summary>
    public TensorType Type { get; }

    /// <summary>The elements of a sequence; null for a tensor.</summary>
    public IReadOnlyList<OnnxValue>? Items { get; }

    /// <summary>Whether this is a tensor, and no sequence and no optional without a value.</summary>
    public bool IsTensor => Type is not null;

    /// <summary>The numbers, where all are known.</summary>
    public Tensor? Constant { get; }

    /// <summary>The elements, where they are known and few.</summary>
    public SymbolicTensor? Contents
    {
        get
        {
            if (_contents is null && Constant is not null && !_isConstantFollowed)
            {
                _isConstantFollowed = true;
                _contents = SymbolicTensor.Of(Constant, _owner.Dims);
            }

            if (_contents is { } contents && contents.Elements.Items.Any(e => e.Source is not null))
            {
                // What was data may have become a size since.
                _contents = contents with { Elements = contents.Elements.Items.Select(Resolve).ToValueList() };
            }

            return _contents;
        }
    }

    /// <summary>The IR value; emitted on first use.</summary>
    public Value Value => _value ??= Constant is not null
        ? _owner.Add(new Constant(Constant), [], Origins, _name) : Emit(_contents!);

    private string[] Origins => _name is null ? [] : [_name];

    /// <summary>
    /// One element of a tensor of integers as an i64 scalar, by its position in row-major order. Emitted next to the tensor itself.
    /// </summary>
    public Value ElementAt(int position)
    {
        if (_elements.TryGetValue(position, out var known))
        {
            return known;
        }

        var value = Value;
        if (value.Type.Rank > 0)
        {
            var dims = _owner.Dims;
            var flat = value.Type.Rank == 1 ? value : _owner.Add(new Reshape([value.Type.Shape.ElementCount(dims)]), [value], Origins);
            var one = flat.Type.Shape[0].Is(1)
                ? flat : _owner.Add(new Slice([dims.Const(position)], [dims.One], [dims.One]), [flat], Origins);
            value = _owner.Add(new Reshape([]), [one], Origins);
        }

        value = value.Type.Element == ElementType.Int64 ? value : _owner.Add(new Cast(ElementType.Int64), [value], Origins);
        _elements.Add(position, value);
        return value;
    }

    /// <summary>
    /// One element of a tensor of integers as a size: a symbol, at least 0, bound at run time, the same at each call. From then on the contents
    /// show it, so that what is computed from it later is followed.
    /// </summary>
    public Dim SizeAt(int position)
    {
        if (Contents?.Elements[position] is { } element)
        {
            if (element.Dim is { } dim)
            {
                return dim;
            }

            if (element.Source is { } source && !ReferenceEquals(source, this))
            {
                return source.SizeAt(element.Position);
            }
        }

        var scalar = ElementAt(position);
        var symbol = _owner.Dims.FreshSymbol("n");
        _owner.Facts.AssumeRange(symbol, 0, long.MaxValue, $"size in '{_name ?? Value.Name}'");
        _owner.AddNode(new BindDim(symbol), [scalar], [], Origins);
        var dims = Type.Shape.Dims.Select(d => (int)_owner.Facts.Simplify(d).Constant).ToValueList();
        var count = dims.Items.Aggregate(1, (product, d) => product * d);
        var elements = _contents?.Elements.Items.ToArray() ?? [.. Enumerable.Range(0, count).Select(i => SymbolicElement.Data(this, i))];
        elements[position] = symbol;
        _contents = new SymbolicTensor(Type.Element, dims, [.. elements]);
        return symbol;
    }

    private Value Emit(SymbolicTensor contents)
    {
        var shape = Type.Shape;
        if (contents.Elements.Items.Any(e => e.Source is not null))
        {
            var parts = contents.Elements.Items.Select(e => e.Source is { } source
                ? Narrow(_owner.Add(new Reshape([_owner.Dims.One]), [source.ElementAt(e.Position)], Origins))
                : _owner.Add(new DimTensor(contents.Element, [_owner.Dims.One], [e.Dim!]), [], Origins)).ToArray();
            var list = parts.Length == 1 ? parts[0] : _owner.Add(new Concat(0), parts, Origins);
            return shape.Rank == 1 ? list : _owner.Add(new Reshape(shape), [list], Origins, _name);
        }

        if (!contents.Element.IsFloat())
        {
            return _owner.Add(new DimTensor(contents.Element, shape, contents.ToDims()!.ToValueList()), [], Origins, _name);
        }

        // Fractions of dims, with numbers among them: numerators over denominators, plus the numbers.
        var zero = _owner.Dims.Zero;
        var numerators = _owner.Add(
            new DimTensor(contents.Element, shape, contents.Elements.Items.Select(e => e.Dim ?? zero).ToValueList()), [], Origins);
        var denominators = new Tensor(contents.Element, shape.ToNumbers());
        var numbers = new Tensor(contents.Element, shape.ToNumbers());
        for (var i = 0; i < contents.Elements.Count; i++)
        {
            denominators.SetDouble(i, contents.Elements[i].Denominator);
            numbers.SetDouble(i, contents.Elements[i].Number);
        }

        var value = numerators;
        if (contents.Elements.Items.Any(e => e.Denominator != 1))
        {
            value = _owner.Add(new Div(), [value, _owner.Add(new Constant(denominators), [], Origins)], Origins);
        }

        return contents.Elements.Items.Any(e => e.Number != 0)
            ? _owner.Add(new Add(), [value, _owner.Add(new Constant(numbers), [], Origins)], Origins, _name) : value;
    }

    private SymbolicElement Resolve(SymbolicElement element) =>
        element.Source is { } source && !ReferenceEquals(source, this) && source.Contents?.Elements[element.Position].Dim is { } dim ? dim : element;

    private Value Narrow(Value value) => Type.Element == ElementType.Int64 ? value : _owner.Add(new Cast(Type.Element), [value], Origins);
}
