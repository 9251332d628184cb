using Dlc.Peers;
using Xunit;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>A test that runs where ptxas has been fetched.</summary>
public sealed class PtxasFactAttribute : FactAttribute
{
    /// <summary>Skips where there is no ptxas.</summary>
    public PtxasFactAttribute() => Skip = Ptxas.Missing;
}
