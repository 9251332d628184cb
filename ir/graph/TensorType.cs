namespace Dlc.IR;

/// <summary>An element type and a shape of symbolic dims.</summary>
public sealed record TensorType(ElementType Element, Shape Shape)
{
    public int Rank => Shape.Rank;

    public override string ToString() => Shape.Rank == 0
        ? Element.ShortName() : $"{Element.ShortName()}{Shape}";
}
