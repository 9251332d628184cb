using System.Runtime.InteropServices;
using Dlc.Runtime.Format;

namespace Dlc.Gpu;

/// <summary>Compares what came out with what had to.</summary>
internal static class Differences
{
    /// <summary>What is wrong, or null.</summary>
    public static string? Between(BundleTensor expected, ReadOnlySpan<long> dims, ReadOnlySpan<byte> found, double relative, double absolute)
    {
        if (!dims.SequenceEqual(expected.Dims))
        {
            return $"{expected} has dims [{string.Join(',', dims.ToArray())}]";
        }

        return expected.Type switch
        {
            ScalarType.F32 => Floats(expected, [.. MemoryMarshal.Cast<byte, float>(expected.Bytes).ToArray().Select(v => (double)v)],
                [.. MemoryMarshal.Cast<byte, float>(found).ToArray().Select(v => (double)v)], relative, absolute),
            ScalarType.F64 => Floats(expected, MemoryMarshal.Cast<byte, double>(expected.Bytes).ToArray(), MemoryMarshal.Cast<byte, double>(found).ToArray(), relative, absolute),
            ScalarType.F16 => Floats(expected, [.. MemoryMarshal.Cast<byte, Half>(expected.Bytes).ToArray().Select(v => (double)v)],
                [.. MemoryMarshal.Cast<byte, Half>(found).ToArray().Select(v => (double)v)], Math.Max(relative, 4e-3), Math.Max(absolute, 4e-3)),
            ScalarType.BF16 => Floats(expected, [.. MemoryMarshal.Cast<byte, ushort>(expected.Bytes).ToArray().Select(Widen)],
                [.. MemoryMarshal.Cast<byte, ushort>(found).ToArray().Select(Widen)], Math.Max(relative, 2e-2), Math.Max(absolute, 2e-2)),
            _ => found.SequenceEqual(expected.Bytes) ? null : $"{expected} has other bytes",
        };
    }

    private static double Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private static string? Floats(BundleTensor tensor, double[] expected, double[] found, double relative, double absolute)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = expected[i] == found[i] || (double.IsNaN(expected[i]) && double.IsNaN(found[i]))
                || Math.Abs(expected[i] - found[i]) <= absolute + (relative * Math.Abs(expected[i]));
            if (!same)
            {
                return $"{tensor}, element {i}: expected {expected[i]:g9}, found {found[i]:g9}";
            }
        }

        return null;
    }
}
