namespace Dlc.IR.Ops;

/// <summary>Positions in row-major order and the indices they stand for, for the reference semantics.</summary>
public static class RowMajor
{
    /// <summary>The index of a position in a tensor of these dims.</summary>
    public static long[] Index(long position, ReadOnlySpan<long> dims)
    {
        var index = new long[dims.Length];
        for (var axis = dims.Length - 1; axis >= 0; axis--)
        {
            index[axis] = position % dims[axis];
            position /= dims[axis];
        }

        return index;
    }

    /// <summary>The position of an index in a tensor of these dims.</summary>
    public static long Position(ReadOnlySpan<long> index, ReadOnlySpan<long> dims)
    {
        var position = 0L;
        for (var axis = 0; axis < dims.Length; axis++)
        {
            position = (position * dims[axis]) + index[axis];
        }

        return position;
    }

    /// <summary>The product of dims.</summary>
    public static long Count(ReadOnlySpan<long> dims)
    {
        var count = 1L;
        foreach (var dim in dims)
        {
            count *= dim;
        }

        return count;
    }
}
