namespace Dlc.IR.Ops;

/// <summary>Finds, for a row-major position in an output, the position in an input that broadcasts to it.</summary>
public sealed class BroadcastReader
{
    private readonly long[] _outputDims;
    private readonly long[] _strides;

    public BroadcastReader(ReadOnlySpan<long> inputDims, ReadOnlySpan<long> outputDims)
    {
        _outputDims = [.. outputDims];
        _strides = new long[outputDims.Length];
        var stride = 1L;
        for (var axis = inputDims.Length - 1; axis >= 0; axis--)
        {
            _strides[axis + outputDims.Length - inputDims.Length] = inputDims[axis] == 1 ? 0 : stride;
            stride *= inputDims[axis];
        }
    }

    public long Offset(long position)
    {
        var offset = 0L;
        for (var axis = _outputDims.Length - 1; axis >= 0; axis--)
        {
            offset += position % _outputDims[axis] * _strides[axis];
            position /= _outputDims[axis];
        }

        return offset;
    }
}
