using System.Globalization;
using Dlc.Compiler.IO;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Peers;

/// <summary>Tells whether a value is what was expected, and where it first is not.</summary>
public static class Comparison
{
    // One unit in the last place of a 16-bit float is larger than the relative tolerance of 32-bit ones; two of them are allowed.
    private const double HalfEpsilon = 2.0 / 1024;
    private const double Bfloat16Epsilon = 2.0 / 128;

    /// <summary>
    /// Null where <paramref name="found"/> has the expected type and shape and its elements agree (floats within the tolerance, NaN
    /// equal to NaN, everything else exactly); otherwise one line that says what differs first.
    /// </summary>
    /// <param name="expected">The truth.</param>
    /// <param name="found">What came out.</param>
    /// <param name="tolerance">How far floats may differ.</param>
    /// <param name="valuesToo">False for random outputs, of which only type and shape can be known.</param>
    public static string? Difference(Value expected, Value found, Tolerance tolerance, bool valuesToo = true)
    {
        switch (expected, found)
        {
            case (Value.None, Value.None):
                return null;
            case (Value.Sequence one, Value.Sequence other):
                if (one.Items.Count != other.Items.Count)
                {
                    return $"expected a sequence of {one.Items.Count}, found one of {other.Items.Count}";
                }

                for (var i = 0; i < one.Items.Count; i++)
                {
                    if (Difference(one.Items[i], other.Items[i], tolerance, valuesToo) is { } difference)
                    {
                        return $"item {i}: {difference}";
                    }
                }

                return null;
            case (Value.Dense one, Value.Dense other):
                return Difference(one.Tensor, other.Tensor, tolerance, valuesToo);
            default:
                return $"expected {expected}, found {found}";
        }
    }

    /// <summary>As the other overload, for tensors.</summary>
    public static string? Difference(TensorData expected, TensorData found, Tolerance tolerance, bool valuesToo = true)
    {
        if (expected.Type != found.Type || !expected.Dims.SequenceEqual(found.Dims))
        {
            return $"expected {expected}, found {found}";
        }

        if (!valuesToo || expected.Count == 0)
        {
            return null;
        }

        if (expected.Strings is { } strings)
        {
            var at = Enumerable.Range(0, strings.Length).FirstOrDefault(i => strings[i] != found.Strings![i], -1);
            return at < 0 ? null : $"{Index(expected, at)}: expected '{strings[at]}', found '{found.Strings![at]}'";
        }

        var relative = expected.Type switch
        {
            DataType.Float16 => Math.Max(tolerance.Relative, HalfEpsilon),
            DataType.Bfloat16 => Math.Max(tolerance.Relative, Bfloat16Epsilon),
            _ => tolerance.Relative,
        };
        tolerance = tolerance with { Relative = relative };
        var (one, other) = (Widening.ToPlain(expected), Widening.ToPlain(found));
        return one.Type switch
        {
            DataType.Float or DataType.Complex64 => Floats<float>(one, other, tolerance, v => v),
            DataType.Double or DataType.Complex128 => Floats<double>(one, other, tolerance, v => v),
            DataType.Float16 => Floats<Half>(one, other, tolerance with { Absolute = Math.Max(tolerance.Absolute, 1e-4) }, v => (double)v),
            DataType.Bool => Exact<byte>(one, other, v => v != 0 ? "true" : "false", (a, b) => (a != 0) == (b != 0)),
            DataType.Int8 => Exact<sbyte>(one, other),
            DataType.Uint8 => Exact<byte>(one, other),
            DataType.Int16 => Exact<short>(one, other),
            DataType.Uint16 => Exact<ushort>(one, other),
            DataType.Int32 => Exact<int>(one, other),
            DataType.Uint32 => Exact<uint>(one, other),
            DataType.Int64 => Exact<long>(one, other),
            DataType.Uint64 => Exact<ulong>(one, other),
            _ => throw new ArgumentOutOfRangeException(nameof(expected), one.Type, "no rule to compare"),
        };
    }

    private static string? Floats<T>(TensorData expected, TensorData found, Tolerance tolerance, Func<T, double> widen) where T : unmanaged
    {
        var one = expected.As<T>();
        var other = found.As<T>();
        var absolute = tolerance.Absolute;
        if (tolerance.OfScale)
        {
            var scale = 0.0;
            foreach (var value in one)
            {
                var magnitude = Math.Abs(widen(value));
                scale = double.IsFinite(magnitude) ? Math.Max(scale, magnitude) : scale;
            }

            absolute *= scale;
        }

        var (first, wrong, worst) = (-1, 0, 0.0);
        for (var i = 0; i < one.Length; i++)
        {
            var (a, b) = (widen(one[i]), widen(other[i]));
            var distance = Math.Abs(a - b);

            // Infinities are equal or wrong; a comparison with NaN is false, so only the good case is asked for.
            if (a == b || (double.IsNaN(a) && double.IsNaN(b)) || (double.IsFinite(a) && distance <= absolute + (tolerance.Relative * Math.Abs(a))))
            {
                continue;
            }

            first = first < 0 ? i : first;
            wrong++;
            worst = Math.Max(worst, double.IsNaN(distance) ? double.PositiveInfinity : distance);
        }

        return first < 0
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{Index(expected, first)}: expected {widen(one[first]):g9}, found {widen(other[first]):g9}")
                + string.Create(CultureInfo.InvariantCulture, $" ({wrong} of {one.Length} differ, by up to {worst:g3})");
    }

    private static string? Exact<T>(TensorData expected, TensorData found, Func<T, string>? print = null, Func<T, T, bool>? same = null)
        where T : unmanaged, IEquatable<T>
    {
        var one = expected.As<T>();
        var other = found.As<T>();
        for (var i = 0; i < one.Length; i++)
        {
            if (!(same?.Invoke(one[i], other[i]) ?? one[i].Equals(other[i])))
            {
                print ??= v => $"{v}";
                return $"{Index(expected, i)}: expected {print(one[i])}, found {print(other[i])}";
            }
        }

        return null;
    }

    // [2,0,5] of a flat position; a complex number counts as two positions.
    private static string Index(TensorData tensor, int flat)
    {
        long at = tensor.Type is DataType.Complex64 or DataType.Complex128 ? flat / 2 : flat;
        var index = new long[tensor.Dims.Length];
        for (var axis = index.Length - 1; axis >= 0; axis--)
        {
            index[axis] = at % tensor.Dims[axis];
            at /= tensor.Dims[axis];
        }

        return $"[{string.Join(",", index)}]";
    }
}
