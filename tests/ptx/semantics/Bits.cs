using System.Runtime.CompilerServices;

namespace Dlc.Ptx.Semantics;

/// <summary>Values in registers: every register of a lane holds 64 bits, of which an instruction looks at as many as its type has.</summary>
internal static class Bits
{
    /// <summary>The low bytes of <paramref name="register"/> as a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T As<T>(ulong register)
        where T : unmanaged => Unsafe.As<ulong, T>(ref register);

    /// <summary>A value in the low bytes of a register, zeros above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of<T>(T value)
        where T : unmanaged
    {
        ulong register = 0;
        Unsafe.As<ulong, T>(ref register) = value;
        return register;
    }

    /// <summary>The f32 in a register.</summary>
    public static float Single(ulong register) => BitConverter.UInt32BitsToSingle((uint)register);

    /// <summary>An f32 as a register.</summary>
    public static ulong Of(float value) => BitConverter.SingleToUInt32Bits(value);
}
