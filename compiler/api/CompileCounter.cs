namespace Dlc.Compiler;

/// <summary>Counts compilations and the kernels compiled in them. Safe from many threads.</summary>
public sealed class CompileCounter
{
    private int _models;
    private int _kernels;

    /// <summary>Models compiled.</summary>
    public int Models => Volatile.Read(ref _models);

    /// <summary>Kernels compiled to machine code.</summary>
    public int Kernels => Volatile.Read(ref _kernels);

    internal void Count(int kernels)
    {
        Interlocked.Increment(ref _models);
        Interlocked.Add(ref _kernels, kernels);
    }
}
