using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// What a name of the model stands for: an IR value, a constant, or a tensor whose contents are known symbolically. The latter two become IR
/// only when somebody reads the data, and then once, in the graph that owns them.
/// </summary>
public sealed class OnnxValue
{
    /// <summary>Stands for an input that a call of a function leaves out.</summary>
    internal static readonly OnnxValue LeftOut = new();

    private readonly GraphBuilder _owner;
    private readonly string? _name;
    private Value? _value;
    private SymbolicTensor? _contents;
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

    private OnnxValue()
    {
        (_owner, Type) = (null!, null!);
    }

    public TensorType Type { get; }

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

            return _contents;
        }
    }

    /// <summary>The IR value; emitted on first use.</summary>
    public Value Value => _value ??= Constant is not null
        ? _owner.Add(new Constant(Constant), [], Origins, _name) : Emit(_contents!);

    private string[] Origins => _name is null ? [] : [_name];

    private Value Emit(SymbolicTensor contents)
    {
        var shape = Type.Shape;
        if (!contents.Element.IsFloat())
        {
            return _owner.Add(new DimTensor(contents.Element, shape, contents.ToDims()!.ToValueList()), [], Origins, _name);
        }

        // Dims over integers, with numbers among them: numerators where symbolic, then the quotients, then a choice.
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
}
