using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dlc.Runtime.Native;

/// <summary>A range of mapped memory; unmapped when disposed or collected.</summary>
internal sealed unsafe class NativeMapping : SafeHandleZeroOrMinusOneIsInvalid
{
    private NativeMapping(nint address, long length)
        : base(ownsHandle: true)
    {
        SetHandle(address);
        Length = length;
    }

    /// <summary>Length in bytes.</summary>
    public long Length { get; }

    /// <summary>First byte.</summary>
    public byte* Address => (byte*)handle;

    /// <summary>Maps a range of a file read only. The offset is a multiple of the page size, the length above 0.</summary>
    /// <exception cref="DlcRuntimeException">OutOfMemory: the system refuses.</exception>
    public static NativeMapping OfFile(SafeFileHandle file, long offset, long length)
    {
        bool added = false;
        try
        {
            file.DangerousAddRef(ref added);
            nint address = LibC.Map(0, (nint)length, LibC.ProtRead, LibC.MapPrivate, (int)file.DangerousGetHandle(), (nint)offset);
            return Checked(address, length, "map the executable");
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>Zeroed memory to read and write; of huge pages where the system has them and the size is worth it.</summary>
    /// <exception cref="DlcRuntimeException">OutOfMemory: the system refuses.</exception>
    public static NativeMapping Anonymous(long length)
    {
        nint address = LibC.Map(0, (nint)length, LibC.ProtRead | LibC.ProtWrite, LibC.MapPrivate | LibC.MapAnonymous, -1, 0);
        var mapping = Checked(address, length, "allocate memory");
        if (length >= 4 << 20)
        {
            // Advice only: without huge pages it runs as well, with more page faults and TLB misses.
            _ = LibC.Advise(address, (nint)length, LibC.AdviseHugePage);
        }

        return mapping;
    }

    /// <summary>A copy of machine code that can be executed and no longer written.</summary>
    /// <exception cref="DlcRuntimeException">OutOfMemory: the system refuses.</exception>
    public static NativeMapping OfCode(ReadOnlySpan<byte> code)
    {
        var mapping = Anonymous(code.Length);
        code.CopyTo(new Span<byte>(mapping.Address, code.Length));
        if (LibC.Protect((nint)mapping.Address, code.Length, LibC.ProtRead | LibC.ProtExec) != 0)
        {
            mapping.Dispose();
            throw Refused("make code executable", code.Length);
        }

        return mapping;
    }

    /// <summary>Tells the system that the mapping will be read soon, so that it reads ahead from the file.</summary>
    public void WillNeed() => _ = LibC.Advise(handle, (nint)Length, LibC.AdviseWillNeed);

    protected override bool ReleaseHandle() => LibC.Unmap(handle, (nint)Length) == 0;

    private static NativeMapping Checked(nint address, long length, string what) =>
        address == LibC.MapFailed ? throw Refused(what, length) : new NativeMapping(address, length);

    private static DlcRuntimeException Refused(string what, long length) =>
        new(RuntimeErrors.OutOfMemory, $"the system refuses to {what} ({Marshal.GetLastPInvokeErrorMessage()})", $"{length} bytes");
}
