using System.Collections.Frozen;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Text;

/// <summary>The operators by name, and their attributes as the text form writes them: found by reflection, so a new operator needs no entry.</summary>
internal static class OpCatalog
{
    private static readonly FrozenDictionary<string, OpShape> ByName = typeof(Op).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(Op)) && !type.IsAbstract)
        .ToFrozenDictionary(type => type.Name, type => new OpShape(type), StringComparer.Ordinal);

    public static IEnumerable<OpShape> All => ByName.Values.OrderBy(shape => shape.Type.Name, StringComparer.Ordinal);

    public static OpShape? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>All dims among the attributes of an operator.</summary>
    public static IEnumerable<Dim> DimsOf(Op op)
    {
        foreach (var attribute in Of(op).Attributes)
        {
            if (attribute.PropertyType == typeof(Dim))
            {
                yield return (Dim)attribute.GetValue(op)!;
            }
            else if (attribute.PropertyType == typeof(ValueList<Shape>))
            {
                foreach (var dim in ((ValueList<Shape>)attribute.GetValue(op)!).SelectMany(shape => shape.Dims))
                {
                    yield return dim;
                }
            }
            else if (attribute.PropertyType == typeof(Shape) || attribute.PropertyType == typeof(ValueList<Dim>))
            {
                foreach (var dim in (IEnumerable<Dim>)attribute.GetValue(op)!)
                {
                    yield return dim;
                }
            }
        }
    }

    public static OpShape Of(Op op) => Find(op.GetType().Name) is { } shape && shape.Type == op.GetType()
        ? shape : throw new InvalidOperationException($"the operator {op.GetType()} is not in this assembly and has no text form");
}
