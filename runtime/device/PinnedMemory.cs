using Dlc.Runtime.Native;

namespace Dlc.Runtime.Device;

/// <summary>Host memory that a device's transfers reach directly.</summary>
internal sealed unsafe class PinnedMemory(IDevice device) : IMemorySource
{
    public byte* Allocate(long bytes) => (byte*)device.AllocateHost(bytes);

    public void Free(byte* address) => device.FreeHost(address);
}
