namespace Dlc.Runtime.Native;

/// <summary>Where a <see cref="NativeBlock"/> gets its memory if not from the system.</summary>
internal unsafe interface IMemorySource
{
    byte* Allocate(long bytes);

    void Free(byte* address);
}
