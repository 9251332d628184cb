using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>An op that writes its own kernels: sorting, scattering, recurrences and whatever is no function of one index.</summary>
public interface ILoops
{
    /// <summary>Builds and launches the kernels that fill all outputs.</summary>
    void Lower(LoopContext c);
}
