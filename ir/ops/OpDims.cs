using Dlc.IR.Symbolic;
using Dlc.IR.Text;

namespace Dlc.IR.Ops;

/// <summary>The dims among the attributes of operators, whatever the operator.</summary>
public static class OpDims
{
    /// <summary>All of them, in the order of the attributes.</summary>
    public static IEnumerable<Dim> Of(Op op) => OpCatalog.DimsOf(op);

    /// <summary>The operator with each dim replaced; itself where none changed.</summary>
    public static Op Map(Op op, Func<Dim, Dim> map)
    {
        if (Of(op).All(dim => ReferenceEquals(map(dim), dim)))
        {
            return op;
        }

        var shape = OpCatalog.Of(op);
        return shape.Create([.. shape.Attributes.Select(attribute => Map(attribute.GetValue(op), map))]);
    }

    private static object? Map(object? value, Func<Dim, Dim> map) => value switch
    {
        Dim dim => map(dim),
        Shape dims => Map(dims, map),
        ValueList<Dim> dims => dims.Select(map).ToValueList(),
        ValueList<Shape> shapes => shapes.Select(s => Map(s, map)).ToValueList(),
        _ => value,
    };

    private static Shape Map(Shape shape, Func<Dim, Dim> map) => new([.. shape.Dims.Select(map)]);
}
