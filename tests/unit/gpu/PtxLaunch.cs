using System.Collections.Concurrent;
using System.Text;
using Dlc.Codegen.Ptx;
using Dlc.IR.Kernels;
using Dlc.Ptx;

namespace Dlc.Tests.Gpu;

/// <summary>Runs one compiled kernel in the PTX interpreter on buffers of their own, so that every access is checked against its buffer.</summary>
internal static class PtxLaunch
{
    private static readonly ConcurrentDictionary<(string, PtxTarget), (PtxImage, PtxModule, PtxModule)> Compiled = [];

    /// <summary>Bytes of scratch of a worker where the caller doesn't say.</summary>
    private const long AmpleScratch = 1 << 12;

    /// <summary>Runs all work items. Dims are bound by the caller; see <see cref="Kernel.DimParameters"/>.</summary>
    /// <returns>0, or 1 + the number of the check that failed.</returns>
    internal static int Run(Kernel kernel, PtxMemory memory, IReadOnlyList<ulong> buffers, IReadOnlyList<long> dims, long items, long? scratchBytes = null,
        bool narrow = true, PtxTarget? target = null, ICollection<LaunchStatistics>? statistics = null)
    {
        if (items <= 0)
        {
            return 0;
        }

        target ??= PtxTarget.Sm80;
        var (image, small, large) = Compiled.GetOrAdd((kernel.StructuralKey, target), _ => Compile(kernel, target));
        PtxKernel launch = image.Kernels[0];
        PtxCode code = narrow ? launch.Narrow : launch.Wide!;
        long blocks = Math.Min(launch.MaximumBlocks, ((items - 1) / launch.ItemsPerBlock) + 1);
        List<PtxArgument> arguments = [.. buffers.Select(b => (PtxArgument)b), .. dims.Select(d => (PtxArgument)d)];
        ulong scratch = 0;
        if (kernel.Scratch.Count > 0)
        {
            long stride = ((scratchBytes ?? AmpleScratch) + 127) & -128;
            scratch = memory.Allocate(stride * blocks * launch.ItemsPerBlock, "scratch");
            arguments.AddRange([scratch, stride]);
        }

        ulong status = 0;
        if (kernel.Checks.Count > 0)
        {
            status = memory.Allocate<long>([-1], "status");
            arguments.AddRange([status, 7L]);
        }

        var counts = (narrow ? small : large).Launch(code.Entry, memory, new Dim3((int)blocks), new Dim3(launch.BlockThreads), code.SharedBytes, [.. arguments]);
        statistics?.Add(counts);
        if (scratch != 0)
        {
            memory.Free(scratch);
        }

        if (status == 0)
        {
            return 0;
        }

        long word = memory.Read<long>(status, 1)[0];
        memory.Free(status);
        return word == -1 ? 0 : word >> 32 == 7 ? (int)word : throw new InvalidOperationException($"the status word is {word:x}");
    }

    /// <summary>The PTX of a kernel.</summary>
    internal static string Text(PtxImage image, PtxCode code)
    {
        ReadOnlySpan<byte> bytes = image.Bytes.Span[code.Offset..];
        return Encoding.UTF8.GetString(bytes[..bytes.IndexOf((byte)0)]);
    }

    private static (PtxImage, PtxModule, PtxModule) Compile(Kernel kernel, PtxTarget target)
    {
        PtxImage image = PtxCompiler.Compile([kernel], target, 1);
        PtxKernel launch = image.Kernels[0];
        return (image, PtxModule.Parse(Text(image, launch.Narrow)), PtxModule.Parse(Text(image, launch.Wide!)));
    }
}
