using Dlc.Codegen;
using Dlc.Codegen.Image;
using Dlc.Codegen.X86;
using Dlc.IR.Kernels;

namespace Dlc.Tests.Codegen;

/// <summary>Compiles kernels and runs them in this process.</summary>
internal sealed unsafe class NativeKernels : IDisposable
{
    private readonly GuardedMemory code;
    private readonly IReadOnlyList<Kernel> kernels;

    internal NativeKernels(IReadOnlyList<Kernel> kernels, CpuTarget target, CodegenOptions? options = null)
    {
        this.kernels = kernels;
        Image = KernelCompiler.Compile(kernels, target, threads: 1, options);
        code = GuardedMemory.Code(Image.Bytes);
    }

    internal CodeImage Image { get; }

    public void Dispose() => code.Dispose();

    /// <summary>Runs work items [begin, end) of a kernel on copies of the buffers, then copies back.</summary>
    internal int Run(int kernel, IReadOnlyList<byte[]> buffers, long[] dims, int scratchBytes, long begin, long end)
    {
        GuardedMemory[] memories = [.. buffers.Select(b => new GuardedMemory(b.Length))];
        using GuardedMemory scratch = new((scratchBytes + 63) / 64 * 64);
        nint[] addresses = new nint[memories.Length];
        for (int i = 0; i < memories.Length; i++)
        {
            buffers[i].CopyTo(memories[i].Span);
            addresses[i] = memories[i].Address;
        }

        int status;
        fixed (nint* a = addresses)
        fixed (long* d = dims)
        {
            status = Entry(kernel)(a, d, (void*)scratch.Address, begin, end);
        }

        for (int i = 0; i < memories.Length; i++)
        {
            memories[i].Span.CopyTo(buffers[i]);
            memories[i].Dispose();
        }

        return status;
    }

    internal delegate* unmanaged<nint*, long*, void*, long, long, int> Entry(int kernel) =>
        (delegate* unmanaged<nint*, long*, void*, long, long, int>)(code.Address + Image.Entries[kernel]);

    internal Kernel Kernel(int index) => kernels[index];
}
