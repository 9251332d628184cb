using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Simplify;

/// <summary>Fast evaluation of what is done to whole weights at compile time: views of any type, conversions, and f32 arithmetic.</summary>
internal static class ConstantMath
{
    /// <summary>The result, or null for what this class does not know.</summary>
    public static Tensor? Evaluate(Op op, Tensor[] inputs, ElementType element, long[] dims) => op switch
    {
        Reshape => inputs[0].Reshape(dims),
        Transpose transpose => Strided(inputs[0], dims, 0, [.. transpose.Permutation.Select(axis => Stride(inputs[0].Dims, axis))]),
        Slice slice when IsStatic(slice) => Strided(
            inputs[0],
            dims,
            slice.Starts.Select((s, axis) => s.Constant * Stride(inputs[0].Dims, axis)).Sum(),
            [.. slice.Steps.Select((s, axis) => s.Constant * Stride(inputs[0].Dims, axis))]),
        Cast cast => Convert(inputs[0], cast.To),
        Add or Sub or Mul or Div when element == ElementType.Float32 => Combine(op, inputs[0], inputs[1], dims),
        _ => null,
    };

    private static bool IsStatic(Slice slice) => slice.Starts.All(s => s.IsConstant) && slice.Steps.All(s => s.IsConstant);

    private static long Stride(long[] dims, int axis) => RowMajor.Count(dims.AsSpan(axis + 1));

    /// <summary>Elements at <c>offset + sum(index * strides)</c>; null where one would lie outside.</summary>
    private static Tensor? Strided(Tensor input, long[] dims, long offset, long[] strides)
    {
        var output = new Tensor(input.Element, dims);
        if (output.Count == 0)
        {
            return output;
        }

        var (least, greatest) = (offset, offset);
        for (var axis = 0; axis < dims.Length; axis++)
        {
            var reach = (dims[axis] - 1) * strides[axis];
            least += Math.Min(reach, 0);
            greatest += Math.Max(reach, 0);
        }

        if (least < 0 || greatest >= input.Count)
        {
            return null;
        }

        switch (input.Element.Bytes())
        {
            case 1: Strided<byte>(input, output, offset, strides); break;
            case 2: Strided<ushort>(input, output, offset, strides); break;
            case 4: Strided<uint>(input, output, offset, strides); break;
            default: Strided<ulong>(input, output, offset, strides); break;
        }

        return output;
    }

    private static void Strided<T>(Tensor input, Tensor output, long offset, long[] strides)
        where T : unmanaged
    {
        var from = input.Span<T>();
        var to = output.Writable<T>();
        var dims = output.Dims;
        var rank = dims.Length;
        var (inner, innerStride) = rank == 0 ? (1, 0) : ((int)dims[^1], (int)strides[^1]);
        var index = new long[rank];
        for (var at = 0; at < to.Length; at += inner)
        {
            var source = (int)offset;
            for (var i = 0; i < inner; i++, source += innerStride)
            {
                to[at + i] = from[source];
            }

            // The next row: count up the outer axes.
            for (var axis = rank - 2; axis >= 0; axis--)
            {
                offset += strides[axis];
                if (++index[axis] < dims[axis])
                {
                    break;
                }

                offset -= dims[axis] * strides[axis];
                index[axis] = 0;
            }
        }
    }

    private static Tensor? Convert(Tensor input, ElementType to) => (input.Element, to) switch
    {
        (ElementType.Float16, ElementType.Float32) => Map<Half, float>(input, to, x => (float)x),
        (ElementType.Float32, ElementType.Float16) => Map<float, Half>(input, to, x => (Half)x),
        (ElementType.BFloat16, ElementType.Float32) => Map<ushort, uint>(input, to, x => (uint)x << 16),
        _ => null,
    };

    private static Tensor Map<TFrom, TTo>(Tensor input, ElementType to, Func<TFrom, TTo> convert)
        where TFrom : unmanaged
        where TTo : unmanaged
    {
        var output = new Tensor(to, input.Dims);
        var from = input.Span<TFrom>();
        var result = output.Writable<TTo>();
        for (var i = 0; i < from.Length; i++)
        {
            result[i] = convert(from[i]);
        }

        return output;
    }

    private static Tensor Combine(Op op, Tensor a, Tensor b, long[] dims)
    {
        var output = new Tensor(ElementType.Float32, dims);
        var x = a.Span<float>();
        var y = b.Span<float>();
        var z = output.Writable<float>();
        if (output.Count == 0)
        {
            return output;
        }

        // Rows along the last axis; the outer axes are counted by the readers.
        var inner = dims.Length == 0 ? 1 : (int)dims[^1];
        var (stepX, stepY) = (a.Rank > 0 && a.Dims[^1] != 1 ? 1 : 0, b.Rank > 0 && b.Dims[^1] != 1 ? 1 : 0);
        var (atX, atY) = (new BroadcastReader(a.Dims, dims), new BroadcastReader(b.Dims, dims));
        for (var at = 0; at < z.Length; at += inner)
        {
            var (i, j) = ((int)atX.Offset(at), (int)atY.Offset(at));
            for (var n = 0; n < inner; n++, i += stepX, j += stepY)
            {
                z[at + n] = op switch
                {
                    Add => x[i] + y[j],
                    Sub => x[i] - y[j],
                    Mul => x[i] * y[j],
                    _ => x[i] / y[j],
                };
            }
        }

        return output;
    }
}
