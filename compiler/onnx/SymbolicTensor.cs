using Dlc.IR;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// The contents of a small tensor, element by element, as dims and numbers. Sizes travel through an ONNX graph as such tensors; following
/// them keeps shape arithmetic out of the compiled code.
/// </summary>
/// <param name="Element">The tensor's element type.</param>
/// <param name="Dims">Its dims, numbers all.</param>
/// <param name="Elements">Row-major.</param>
public sealed record SymbolicTensor(ElementType Element, ValueList<int> Dims, ValueList<SymbolicElement> Elements)
{
    /// <summary>Most elements that are followed.</summary>
    public const int MaximumElements = 1024;

    /// <summary>True when every element is a number.</summary>
    public bool IsConstant => Elements.Items.All(e => e.IsNumber);

    /// <summary>A vector of integers.</summary>
    public static SymbolicTensor Vector(IEnumerable<Dim> dims, ElementType element = ElementType.Int64)
    {
        var elements = dims.Select(d => (SymbolicElement)d).ToValueList();
        return new(element, [elements.Count], elements);
    }

    /// <summary>An integer scalar.</summary>
    public static SymbolicTensor Scalar(Dim dim, ElementType element = ElementType.Int64) => new(element, [], [dim]);

    /// <summary>The contents of a constant; null where it is too large or holds integers beyond 64 signed bits.</summary>
    public static SymbolicTensor? Of(Tensor tensor, DimContext context)
    {
        if (tensor.Count > MaximumElements || tensor.Dims.Any(d => d > int.MaxValue))
        {
            return null;
        }

        var elements = new SymbolicElement[tensor.Count];
        for (var i = 0; i < elements.Length; i++)
        {
            if (tensor.Element.IsFloat())
            {
                elements[i] = SymbolicElement.Float(tensor.GetDouble(i));
                continue;
            }

            var value = tensor.GetLong(i);
            if (value < 0 && tensor.Element == ElementType.UInt64)
            {
                return null;
            }

            elements[i] = context.Const(value);
        }

        return new(tensor.Element, tensor.Dims.Select(d => (int)d).ToValueList(), [.. elements]);
    }

    /// <summary>The type, as the IR sees it.</summary>
    public TensorType TypeIn(DimContext context) => new(Element, new Shape([.. Dims.Items.Select(d => context.Const(d))]));

    /// <summary>The elements as integers or bools; null for floats and where one is data.</summary>
    public Dim[]? ToDims() => Element.IsFloat() || Elements.Items.Any(e => e.Source is not null) ? null : [.. Elements.Items.Select(e => e.Dim!)];

    /// <summary>A tensor of other dims, made of elements of this one.</summary>
    public SymbolicTensor Pick(IEnumerable<int> dims, IEnumerable<int> positions) =>
        new(Element, dims.ToValueList(), positions.Select(p => Elements[p]).ToValueList());

    /// <summary>The tensor of numbers; null when an element is symbolic.</summary>
    public Tensor? ToTensor()
    {
        if (!IsConstant)
        {
            return null;
        }

        var tensor = new Tensor(Element, [.. Dims.Items.Select(d => (long)d)]);
        for (var i = 0; i < Elements.Count; i++)
        {
            if (Element.IsFloat())
            {
                tensor.SetDouble(i, Elements[i].ToDouble());
            }
            else
            {
                tensor.SetLong(i, Elements[i].Dim!.Constant);
            }
        }

        return tensor;
    }

    /// <summary>The same elements under other dims of as many.</summary>
    public SymbolicTensor WithDims(params IEnumerable<int> dims) => this with { Dims = dims.ToValueList() };

    public override string ToString() => $"{Element.ShortName()}{Dims} {Elements}";
}
