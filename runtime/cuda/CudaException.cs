using System.Runtime.InteropServices;

namespace Dlc.Runtime.Cuda;

/// <summary>Turns result codes of the driver into exceptions of the runtime.</summary>
internal static unsafe class CudaException
{
    /// <exception cref="DlcRuntimeException">OutOfMemory or DeviceFailure, unless the call succeeded.</exception>
    public static void Check(CUResult result, string what)
    {
        if (result != CUResult.Success)
        {
            string code = result == CUResult.ErrorOutOfMemory ? RuntimeErrors.OutOfMemory : RuntimeErrors.DeviceFailure;
            throw new DlcRuntimeException(code, $"the GPU's driver refuses to {what}: {Describe(result)}");
        }
    }

    /// <summary>Name and text of a code, as the driver has them.</summary>
    public static string Describe(CUResult result)
    {
        bool hasName = DriverAPINativeMethods.cuGetErrorName(result, out byte* name) == CUResult.Success && name != null;
        bool hasText = DriverAPINativeMethods.cuGetErrorString(result, out byte* text) == CUResult.Success && text != null;
        string number = $"{(int)result}";
        return (hasName ? Marshal.PtrToStringUTF8((nint)name) : $"error {number}") + (hasText ? $" ({Marshal.PtrToStringUTF8((nint)text)})" : "");
    }
}
