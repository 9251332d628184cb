using System.Runtime.InteropServices;
using System.Text;
using Dlc.Ptx;
using Dlc.Runtime.Device;

namespace Dlc.Tests.Gpu;

/// <summary>A device of the runtime that interprets PTX. All its queues do their work at once.</summary>
internal sealed unsafe class PtxDevice(int capability = 90) : IDevice
{
    private readonly List<(PtxModule Module, string Entry)> _kernels = [];
    private readonly Dictionary<nint, long> _allocated = [];
    private readonly Lock _lock = new();

    public string Name => "PTX interpreter";

    public int Capability => capability;

    internal PtxMemory Memory { get; } = new();

    /// <summary>Bytes allocated now, and the most there ever were.</summary>
    internal long Allocated => _allocated.Values.Sum();

    internal long HighWater { get; private set; }

    internal int Launches { get; private set; }

    internal long HostAllocations { get; private set; }

    public nint Allocate(long bytes)
    {
        lock (_lock)
        {
            nint address = (nint)Memory.Allocate(bytes);
            _allocated.Add(address, bytes);
            HighWater = Math.Max(HighWater, Allocated);
            return address;
        }
    }

    public void Free(nint address)
    {
        lock (_lock)
        {
            _allocated.Remove(address);
            Memory.Free((ulong)address);
        }
    }

    public void* AllocateHost(long bytes)
    {
        HostAllocations += bytes;
        return NativeMemory.AllocZeroed((nuint)Math.Max(1, bytes));
    }

    public void FreeHost(void* address) => NativeMemory.Free(address);

    public nint LoadKernel(ReadOnlySpan<byte> code, string entry, int sharedBytes)
    {
        lock (_lock)
        {
            _kernels.Add((PtxModule.Parse(Encoding.UTF8.GetString(code[..^1])), entry));
            return _kernels.Count;
        }
    }

    public IDeviceQueue CreateQueue() => new Queue(this);

    public void Dispose() => Memory.Dispose();

    private sealed class Queue(PtxDevice device) : IDeviceQueue
    {
        public void CopyToDevice(nint to, void* from, long bytes) => device.Memory.CopyIn((ulong)to, new ReadOnlySpan<byte>(from, (int)bytes));

        public void CopyToHost(void* to, nint from, long bytes) =>
            device.Memory.CopyOut((ulong)from, new Span<byte>(to, (int)bytes), allowUnwritten: true);

        public void Copy(nint to, nint from, long bytes)
        {
            byte[] copy = new byte[bytes];
            device.Memory.CopyOut<byte>((ulong)from, copy, allowUnwritten: true);
            device.Memory.CopyIn<byte>((ulong)to, copy);
        }

        public void Launch(nint kernel, long blocks, int threads, int sharedBytes, ReadOnlySpan<long> arguments)
        {
            var (module, entry) = device._kernels[(int)kernel - 1];
            PtxArgument[] values = new PtxArgument[arguments.Length];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = arguments[i];
            }

            device.Launches++;
            module.Launch(entry, device.Memory, new Dim3((int)blocks), new Dim3(threads), sharedBytes, values);
        }

        public void WaitFor(IDeviceQueue other)
        {
        }

        public void Synchronise()
        {
        }

        public void Dispose()
        {
        }
    }
}
