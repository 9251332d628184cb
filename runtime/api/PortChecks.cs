using Dlc.Runtime.Format;

namespace Dlc.Runtime;

/// <summary>What can be said about memory given for an input or output before a run.</summary>
internal static class PortChecks
{
    /// <summary>Axes of a BCL tensor. It has none of one element without axes, so a scalar comes as one axis of length 1.</summary>
    public static int AxesFor(TensorInfo port, int rank, nint count) => port.Dims.Count == 0 && rank == 1 && count == 1 ? 0 : rank;

    /// <summary>Copies lengths of a BCL tensor.</summary>
    public static void Widen(ReadOnlySpan<nint> lengths, Span<long> dims)
    {
        for (int a = 0; a < dims.Length; a++)
        {
            dims[a] = lengths[a];
        }
    }

    /// <summary>Checks the element type.</summary>
    public static void Type<T>(TensorInfo port, string what)
        where T : unmanaged => Type(port, what, port.Type.Accepts<T>(), typeof(T).Name);

    /// <summary>Checks the element type.</summary>
    public static void Type(TensorInfo port, string what, bool good, string found)
    {
        if (!good)
        {
            throw new DlcRuntimeException(RuntimeErrors.WrongType, $"{what} '{port.Name}' has another element type", port.Type.Name(), found);
        }
    }

    /// <summary>Bytes that dims need.</summary>
    public static long BytesFor(TensorInfo port, ReadOnlySpan<long> dims)
    {
        if (dims.Length != port.Dims.Count)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.WrongRank, $"input '{port.Name}' has another number of axes", $"{port.Dims.Count} for {port.Shape}", $"{dims.Length} in {Describe(dims)}");
        }

        bool empty = false;
        foreach (long dim in dims)
        {
            if (dim < 0)
            {
                throw new DlcRuntimeException(RuntimeErrors.NegativeDim, $"input '{port.Name}' has a negative dim", "0 or more", Describe(dims));
            }

            empty |= dim == 0;
        }

        long bytes = empty ? 0 : port.Type.SizeOf();
        foreach (long dim in dims)
        {
            if (Math.BigMul(bytes, dim, out bytes) != 0 || bytes < 0)
            {
                throw new DlcRuntimeException(RuntimeErrors.DimOverflow, $"the size of input '{port.Name}' can't be counted", "less than 2^63 bytes", Describe(dims));
            }
        }

        return bytes;
    }

    /// <summary>Checks that memory holds what dims need.</summary>
    public static void Length(TensorInfo port, long needed, long length, ReadOnlySpan<long> dims)
    {
        if (length < needed)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.BufferTooSmall, $"the memory given for input '{port.Name}' is too small for {Describe(dims)}", $"{needed} bytes", $"{length}");
        }
    }

    /// <summary>Checks the kind of tensor that is given for an output.</summary>
    public static void OutputShape(TensorInfo port, bool dense, int rank)
    {
        if (!dense)
        {
            throw new DlcRuntimeException(RuntimeErrors.WrongLayout, $"the tensor given for output '{port.Name}' has gaps", "a dense tensor", "strides");
        }

        if (rank != port.Dims.Count)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.WrongRank, $"the tensor given for output '{port.Name}' has another number of axes", $"{port.Dims.Count} for {port.Shape}", $"{rank}");
        }
    }

    private static string Describe(ReadOnlySpan<long> dims) => $"[{string.Join(',', dims.ToArray())}]";
}
