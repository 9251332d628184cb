using System.Runtime.InteropServices;

namespace Dlc.Tests.Codegen;

/// <summary>
/// Native memory that ends at a page nobody may touch: an access past the end crashes instead of passing by luck. Its start has no
/// alignment beyond that of its size.
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int Page = 4096;
    private const int Read = 1;
    private const int Write = 2;
    private const int Execute = 4;
    private const int PrivateAnonymous = 0x22;

    private readonly nint mapping;
    private readonly nuint mapped;

    internal GuardedMemory(int bytes)
    {
        nuint body = (nuint)((bytes + Page - 1) / Page * Page);
        mapped = body + (2 * Page);
        mapping = Map(0, mapped, Read | Write, PrivateAnonymous, -1, 0);
        if (mapping == -1)
        {
            throw new OutOfMemoryException();
        }

        Protect(mapping, Page, 0);
        Protect(mapping + (nint)(mapped - Page), Page, 0);
        Address = mapping + (nint)(mapped - Page) - bytes;
        Length = bytes;
    }

    internal nint Address { get; }

    internal int Length { get; }

    internal Span<byte> Span => new((void*)Address, Length);

    /// <summary>A page-aligned copy of machine code that can be run.</summary>
    internal static GuardedMemory Code(ReadOnlySpan<byte> image)
    {
        GuardedMemory memory = new((image.Length + Page - 1) / Page * Page);
        image.CopyTo(memory.Span);
        if (Protect(memory.Address, (nuint)memory.Length, Read | Execute) != 0)
        {
            throw new InvalidOperationException("cannot make memory executable");
        }

        return memory;
    }

    public void Dispose() => Unmap(mapping, mapped);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
