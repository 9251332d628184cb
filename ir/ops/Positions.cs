namespace Dlc.IR.Ops;

/// <summary>Row-major positions of plain numbers, for <see cref="Op.Evaluate"/>.</summary>
public static class Positions
{
    /// <summary>The number of elements: the product of the dims.</summary>
    public static long Count(ReadOnlySpan<long> dims)
    {
        var count = 1L;
        foreach (var dim in dims)
        {
            count *= dim;
        }

        return count;
    }

    /// <summary>Writes the index of a row-major position.</summary>
    public static void Split(long position, ReadOnlySpan<long> dims, Span<long> index)
    {
        for (var axis = dims.Length - 1; axis >= 0; axis--)
        {
            index[axis] = position % dims[axis];
            position /= dims[axis];
        }
    }

    /// <summary>The row-major position of an index.</summary>
    public static long Join(ReadOnlySpan<long> index, ReadOnlySpan<long> dims)
    {
        var position = 0L;
        for (var axis = 0; axis < dims.Length; axis++)
        {
            position = (position * dims[axis]) + index[axis];
        }

        return position;
    }
}
