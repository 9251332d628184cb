namespace Dlc.Ptx;

/// <summary>An argument of a kernel: a number or a device pointer by value.</summary>
public readonly record struct PtxArgument
{
    private PtxArgument(ulong bits, int bytes) => (Bits, Bytes) = (bits, bytes);

    /// <summary>The bits.</summary>
    internal ulong Bits { get; }

    /// <summary>4 or 8.</summary>
    internal int Bytes { get; }

    /// <summary>A device pointer or a 64-bit number.</summary>
    public static implicit operator PtxArgument(ulong value) => new(value, 8);

    /// <summary>A 64-bit number.</summary>
    public static implicit operator PtxArgument(long value) => new((ulong)value, 8);

    /// <summary>A 32-bit number.</summary>
    public static implicit operator PtxArgument(int value) => new((uint)value, 4);

    /// <summary>A 32-bit number.</summary>
    public static implicit operator PtxArgument(uint value) => new(value, 4);

    /// <summary>An f32.</summary>
    public static implicit operator PtxArgument(float value) => new(BitConverter.SingleToUInt32Bits(value), 4);

    /// <summary>An f64.</summary>
    public static implicit operator PtxArgument(double value) => new(BitConverter.DoubleToUInt64Bits(value), 8);
}
