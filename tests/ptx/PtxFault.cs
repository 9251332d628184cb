namespace Dlc.Ptx;

/// <summary>A kernel did what it must not do.</summary>
public sealed class PtxFault : Exception
{
    /// <summary>Makes the error of one thread at one instruction.</summary>
    public PtxFault(PtxCheck check, string kernel, int line, string instruction, Dim3 block, Dim3 thread, ulong address, string what)
        : base($"{check}: {what}\n  kernel {kernel}, PTX line {line}: {instruction}\n  block {block}, thread {thread}, address 0x{address:x}")
    {
        Check = check;
        Kernel = kernel;
        Line = line;
        Block = block;
        Thread = thread;
        Address = address;
    }

    /// <summary>Makes the error of a launch.</summary>
    public PtxFault(PtxCheck check, string kernel, string what)
        : base($"{check}: {what}\n  kernel {kernel}")
    {
        Check = check;
        Kernel = kernel;
    }

    /// <summary>Which rule was broken.</summary>
    public PtxCheck Check { get; }

    /// <summary>The kernel.</summary>
    public string Kernel { get; }

    /// <summary>The line of the PTX text, from 1; 0 when it is no instruction's fault.</summary>
    public int Line { get; }

    /// <summary>The block.</summary>
    public Dim3 Block { get; }

    /// <summary>The thread in its block.</summary>
    public Dim3 Thread { get; }

    /// <summary>The address, 0 where none is involved.</summary>
    public ulong Address { get; }
}
