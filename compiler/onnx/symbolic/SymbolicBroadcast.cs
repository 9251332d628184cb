using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Numpy broadcasting of small tensors with known contents.</summary>
internal static class SymbolicBroadcast
{
    /// <summary>The broadcast dims; null where the dims do not fit, or the result would be too large to follow.</summary>
    public static int[]? Dims(ValueList<int> a, ValueList<int> b)
    {
        var dims = new int[Math.Max(a.Count, b.Count)];
        var count = 1L;
        for (var axis = 1; axis <= dims.Length; axis++)
        {
            var x = axis <= a.Count ? a[^axis] : 1;
            var y = axis <= b.Count ? b[^axis] : 1;
            if (x != y && x != 1 && y != 1)
            {
                return null;
            }

            dims[^axis] = x == 1 ? y : x;
            count = Math.Min(count * dims[^axis], int.MaxValue);
        }

        return count <= SymbolicTensor.MaximumElements ? dims : null;
    }

    /// <summary>Finds the position in a tensor that broadcasts to a position of the result.</summary>
    public static BroadcastReader Reader(ValueList<int> from, int[] to) =>
        new([.. from.Items.Select(d => (long)d)], [.. to.Select(d => (long)d)]);
}
