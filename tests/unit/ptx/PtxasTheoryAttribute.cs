using Dlc.Peers;
using Xunit;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>A test of several cases that runs where ptxas has been fetched.</summary>
public sealed class PtxasTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips where there is no ptxas.</summary>
    public PtxasTheoryAttribute() => Skip = Ptxas.Missing;
}
