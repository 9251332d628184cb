using System.Runtime.InteropServices;
using Dlc.Runtime.Format;

namespace Dlc.Gpu;

/// <summary>NVIDIA's matrix products, where the library is found; nothing of ours needs it.</summary>
internal sealed unsafe class Cublas : IDisposable
{
    private const int Real32 = 0;
    private const int Real16 = 2;
    private const int RealB16 = 14;
    private const int Compute32 = 68;
    private const int DefaultAlgorithm = -1;

    private static readonly int[] Versions = [13, 12, 11];

    private readonly nint _library;
    private readonly nint _handle;

    private Cublas(nint library, nint handle, string path) => (_library, _handle, Path) = (library, handle, path);

    /// <summary>What was loaded.</summary>
    public string Path { get; }

    /// <summary>Loads the library from where the system looks, from toolkits, or from other folders.</summary>
    /// <param name="folders">Other folders, as PyTorch's packages have them.</param>
    /// <param name="reason">Why there is none.</param>
    public static Cublas? TryLoad(IEnumerable<string> folders, out string reason)
    {
        string[] toolkits = Directory.Exists("/usr/local") ? Directory.GetDirectories("/usr/local", "cuda*") : [];
        string[] all = ["", .. toolkits.Order(StringComparer.Ordinal).Reverse().Select(t => System.IO.Path.Combine(t, "lib64")), .. folders];
        foreach (string folder in all)
        {
            foreach (int version in Versions)
            {
                string path = System.IO.Path.Combine(folder, $"libcublas.so.{version}");

                // Its other half first: it need not be where the system looks.
                NativeLibrary.TryLoad(System.IO.Path.Combine(folder, $"libcublasLt.so.{version}"), out _);
                if (!NativeLibrary.TryLoad(path, out nint library))
                {
                    continue;
                }

                nint handle = 0;
                int status = NativeLibrary.TryGetExport(library, "cublasCreate_v2", out nint create) ? ((delegate* unmanaged<nint*, int>)create)(&handle) : -1;
                if (status == 0)
                {
                    reason = "";
                    return new Cublas(library, handle, path);
                }

                reason = $"{path} does not start: status {status}";
                return null;
            }
        }

        reason = $"no libcublas.so.{string.Join(" or .", Versions)} where the system looks or in {string.Join(", ", all.Where(f => f.Length > 0).DefaultIfEmpty("/usr/local/cuda*/lib64"))}";
        return null;
    }

    /// <summary>Queues the product of two square matrices with f32 accumulators, no tf32.</summary>
    /// <returns>Status; 0 is success.</returns>
    public int Product(ScalarType type, int n, nint a, nint b, nint c)
    {
        int element = type switch
        {
            ScalarType.F32 => Real32,
            ScalarType.F16 => Real16,
            _ => RealB16,
        };
        var (one, zero) = (1f, 0f);
        var gemm = (delegate* unmanaged<nint, int, int, int, int, int, float*, nint, int, int, nint, int, int, float*, nint, int, int, int, int, int>)
            NativeLibrary.GetExport(_library, "cublasGemmEx");
        return gemm(_handle, 0, 0, n, n, n, &one, a, element, n, b, element, n, &zero, c, element, n, Compute32, DefaultAlgorithm);
    }

    public void Dispose() => _ = ((delegate* unmanaged<nint, int>)NativeLibrary.GetExport(_library, "cublasDestroy_v2"))(_handle);
}
