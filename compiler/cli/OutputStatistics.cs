using System.Globalization;
using System.Runtime.InteropServices;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Cli;

/// <summary>A few numbers about the elements of a tensor.</summary>
internal static class OutputStatistics
{
    /// <summary>Such as <c>min -1.2, max 3.4, mean 0.01, deviation 0.98</c>.</summary>
    public static string Describe(ScalarType type, ReadOnlySpan<byte> bytes)
    {
        var size = type.SizeOf();
        var count = bytes.Length / size;
        if (count == 0)
        {
            return "empty";
        }

        var (least, greatest, sum, squares, odd) = (double.PositiveInfinity, double.NegativeInfinity, 0.0, 0.0, 0L);
        for (var i = 0; i < count; i++)
        {
            var value = Value(type, bytes, i);
            if (!double.IsFinite(value))
            {
                odd++;
                continue;
            }

            least = Math.Min(least, value);
            greatest = Math.Max(greatest, value);
            sum += value;
            squares += value * value;
        }

        var finite = count - odd;
        var text = "";
        if (finite > 0)
        {
            var mean = sum / finite;
            var deviation = Math.Sqrt(Math.Max(0, (squares / finite) - (mean * mean)));
            text = finite == 1 ? Number(mean) : $"min {Number(least)}, max {Number(greatest)}, mean {Number(mean)}, deviation {Number(deviation)}";
        }

        return odd == 0 ? text : $"{text}{(text.Length == 0 ? "" : ", ")}{odd} not finite";
    }

    private static double Value(ScalarType type, ReadOnlySpan<byte> bytes, int i) => type switch
    {
        ScalarType.F32 => MemoryMarshal.Cast<byte, float>(bytes)[i],
        ScalarType.F64 => MemoryMarshal.Cast<byte, double>(bytes)[i],
        ScalarType.F16 => (double)MemoryMarshal.Cast<byte, Half>(bytes)[i],
        ScalarType.BF16 => BitConverter.UInt32BitsToSingle((uint)MemoryMarshal.Cast<byte, ushort>(bytes)[i] << 16),
        ScalarType.I8 => (sbyte)bytes[i],
        ScalarType.I16 => MemoryMarshal.Cast<byte, short>(bytes)[i],
        ScalarType.I32 => MemoryMarshal.Cast<byte, int>(bytes)[i],
        ScalarType.I64 => MemoryMarshal.Cast<byte, long>(bytes)[i],
        ScalarType.U16 => MemoryMarshal.Cast<byte, ushort>(bytes)[i],
        ScalarType.U32 => MemoryMarshal.Cast<byte, uint>(bytes)[i],
        ScalarType.U64 => MemoryMarshal.Cast<byte, ulong>(bytes)[i],
        _ => bytes[i],
    };

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
