using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Dlc.Runtime.Cuda;

namespace Dlc.Gpu;

/// <summary>The first GPU of this machine.</summary>
internal static partial class CudaMachine
{
    private const string Driver = "libcuda.so.1";
    private const string VersionFile = "/proc/driver/nvidia/version";

    /// <summary>Opens it.</summary>
    /// <exception cref="Dlc.Runtime.DlcRuntimeException">There is none; the message says what was looked for.</exception>
    public static GpuMachine Open()
    {
        var device = CudaDevice.Default;
        return new GpuMachine(device, DriverVersion(), FreeBytes, () => _ = cuCtxSynchronize());
    }

    /// <summary>The number in the text that the kernel's driver shows, or null.</summary>
    public static string? Release(string text) => Number().Match(text) is { Success: true } match ? match.Value : null;

    private static string DriverVersion()
    {
        string release = (File.Exists(VersionFile) ? Release(File.ReadAllText(VersionFile)) : null) ?? "of unknown version";
        return cuDriverGetVersion(out int cuda) == 0 ? string.Create(CultureInfo.InvariantCulture, $"{release} (CUDA {cuda / 1000}.{cuda % 1000 / 10})") : release;
    }

    private static long FreeBytes() => cuMemGetInfo_v2(out nuint free, out _) == 0 ? (long)free : long.MaxValue;

    [GeneratedRegex(@"\d{3,}\.\d+(\.\d+)?")]
    private static partial Regex Number();

    [LibraryImport(Driver)]
    private static partial int cuDriverGetVersion(out int version);

    [LibraryImport(Driver)]
    private static partial int cuMemGetInfo_v2(out nuint free, out nuint total);

    [LibraryImport(Driver)]
    private static partial int cuCtxSynchronize();
}
