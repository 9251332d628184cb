using System.Buffers.Binary;
using Dlc.IR.Diagnostics;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Cli;

/// <summary>Inputs that nobody gave, from a seed that depends on their name alone.</summary>
internal static class RandomTensor
{
    /// <summary>
    /// The bytes of <paramref name="count"/> elements: integers and bools from {0, 1} and floats from [-1, 1) unless a range says otherwise.
    /// </summary>
    public static byte[] Create(string name, ScalarType type, long count, FillRange? range)
    {
        if (type is ScalarType.Complex64 or ScalarType.Complex128 || type.SizeOf() == 0)
        {
            throw new DlcException(ErrorCodes.BadInput, $"input '{name}' of type {type.Name()} has to be given");
        }

        var size = type.SizeOf();
        if (count > Array.MaxLength / size)
        {
            throw new DlcException(ErrorCodes.BadInput, $"input '{name}' would take {count} elements of {size} bytes, which is more than can be drawn");
        }

        var random = new Random(Seed(name));
        var bytes = new byte[count * size];
        var isFloat = type is ScalarType.F32 or ScalarType.F64 or ScalarType.F16 or ScalarType.BF16;
        var (low, high) = range is null ? (isFloat ? -1 : 0, isFloat ? 1.0 : 2.0) : (range.Low, range.High);
        for (var i = 0; i < bytes.Length; i += size)
        {
            var value = low + (random.NextDouble() * (high - low));
            Write(bytes.AsSpan(i, size), type, isFloat ? value : Math.Floor(value));
        }

        return bytes;
    }

    private static void Write(Span<byte> target, ScalarType type, double value)
    {
        switch (type)
        {
            case ScalarType.F32: BinaryPrimitives.WriteSingleLittleEndian(target, (float)value); break;
            case ScalarType.F64: BinaryPrimitives.WriteDoubleLittleEndian(target, value); break;
            case ScalarType.F16: BinaryPrimitives.WriteHalfLittleEndian(target, (Half)value); break;
            case ScalarType.BF16:
                BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16));
                break;
            case ScalarType.Bool: target[0] = value != 0 ? (byte)1 : (byte)0; break;
            case ScalarType.U64: BinaryPrimitives.WriteUInt64LittleEndian(target, (ulong)value); break;
            default:
                Span<byte> wide = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(wide, (long)value);
                wide[..target.Length].CopyTo(target);
                break;
        }
    }

    private static int Seed(string name)
    {
        // FNV-1a: the same in every process.
        var hash = 2166136261u;
        foreach (var c in name)
        {
            hash = unchecked((hash ^ c) * 16777619u);
        }

        return (int)(hash & int.MaxValue);
    }
}
