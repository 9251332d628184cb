using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Dlc.IR.Symbolic;

namespace Dlc.IR;

/// <summary>The dims of a tensor, outermost first; compares by content. A scalar has none.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape(ImmutableArray<Dim> dims) : IEquatable<Shape>, IEnumerable<Dim>
{
    private readonly ImmutableArray<Dim> _dims = dims;

    public ImmutableArray<Dim> Dims => _dims.IsDefault ? [] : _dims;

    public int Rank => Dims.Length;

    /// <summary>True when every dim is a number.</summary>
    public bool IsStatic => Dims.All(d => d.IsConstant);

    public Dim this[int axis] => Dims[axis];

    public Dim this[Index axis] => Dims[axis];

    public static bool operator ==(Shape a, Shape b) => a.Equals(b);

    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);

    public static Shape Create(ReadOnlySpan<Dim> dims) => new([.. dims]);

    /// <summary>A shape of numbers.</summary>
    public static Shape Of(DimContext context, params ReadOnlySpan<long> dims)
    {
        var builder = ImmutableArray.CreateBuilder<Dim>(dims.Length);
        foreach (var dim in dims)
        {
            builder.Add(context.Const(dim));
        }

        return new Shape(builder.MoveToImmutable());
    }

    /// <summary>The number of elements as a dim: the product of all dims, 1 for a scalar.</summary>
    public Dim ElementCount(DimContext context)
    {
        var count = context.One;
        foreach (var dim in Dims)
        {
            count *= dim;
        }

        return count;
    }

    /// <summary>Row-major strides in elements.</summary>
    public Shape Strides(DimContext context)
    {
        var strides = new Dim[Rank];
        var stride = context.One;
        for (var axis = Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= this[axis];
        }

        return new Shape([.. strides]);
    }

    /// <summary>The dims as numbers; throws when one is symbolic.</summary>
    public long[] ToNumbers()
    {
        var numbers = new long[Rank];
        for (var axis = 0; axis < Rank; axis++)
        {
            numbers[axis] = this[axis].IsConstant
                ? this[axis].Constant : throw new InvalidOperationException($"the dim {this[axis]} of {this} is not a number");
        }

        return numbers;
    }

    public Shape With(int axis, Dim dim) => new(Dims.SetItem(axis, dim));

    public bool Equals(Shape other) => Dims.AsSpan().SequenceEqual(other.Dims.AsSpan());

    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var dim in Dims)
        {
            hash.Add(dim);
        }

        return hash.ToHashCode();
    }

    public ImmutableArray<Dim>.Enumerator GetEnumerator() => Dims.GetEnumerator();

    IEnumerator<Dim> IEnumerable<Dim>.GetEnumerator() => ((IEnumerable<Dim>)Dims).GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => ((IEnumerable<Dim>)Dims).GetEnumerator();

    public override string ToString() => $"[{string.Join(", ", Dims)}]";
}
