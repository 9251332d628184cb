using Dlc.Runtime.Cuda;
using Xunit;

namespace Dlc.Tests.Gpu;

/// <summary>A test of what happens on machines without a GPU; it skips where there is one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NoGpuFactAttribute : FactAttribute
{
    public NoGpuFactAttribute() => Skip = CudaDevice.IsAvailable ? "this machine has a GPU" : null;
}
