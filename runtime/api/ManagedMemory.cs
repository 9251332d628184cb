using System.Numerics;
using System.Runtime.CompilerServices;
using Dlc.Runtime.Format;

namespace Dlc.Runtime;

/// <summary>Makes managed arrays for outputs. They lie where the collector does not move them, so that kernels write to them at once.</summary>
internal static unsafe class ManagedMemory
{
    /// <summary>An array of the C# type that stands for the output's element type.</summary>
    /// <exception cref="DlcRuntimeException">BufferTooSmall: more elements than an array can have.</exception>
    public static Array Allocate(TensorInfo info, long bytes, out byte* address) => info.Type switch
    {
        ScalarType.F32 => Make<float>(info, bytes, out address),
        ScalarType.F64 => Make<double>(info, bytes, out address),
        ScalarType.F16 => Make<Half>(info, bytes, out address),
        ScalarType.BF16 or ScalarType.U16 => Make<ushort>(info, bytes, out address),
        ScalarType.I8 or ScalarType.I4 => Make<sbyte>(info, bytes, out address),
        ScalarType.I16 => Make<short>(info, bytes, out address),
        ScalarType.I32 => Make<int>(info, bytes, out address),
        ScalarType.I64 => Make<long>(info, bytes, out address),
        ScalarType.U32 => Make<uint>(info, bytes, out address),
        ScalarType.U64 => Make<ulong>(info, bytes, out address),
        ScalarType.Bool => Make<bool>(info, bytes, out address),
        ScalarType.Complex64 => Make<Vector2>(info, bytes, out address),
        ScalarType.Complex128 => Make<Complex>(info, bytes, out address),
        _ => Make<byte>(info, bytes, out address),
    };

    private static T[] Make<T>(TensorInfo info, long bytes, out byte* address)
        where T : unmanaged
    {
        long count = bytes / sizeof(T);
        if (count > Array.MaxLength)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.BufferTooSmall, $"output '{info.Name}' is too large for a managed array: bind memory of your own", $"at most {Array.MaxLength} elements", $"{count}");
        }

        var array = GC.AllocateUninitializedArray<T>((int)count, pinned: true);
        address = count == 0 ? null : (byte*)Unsafe.AsPointer(ref array[0]);
        return array;
    }
}
