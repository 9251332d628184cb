namespace Dlc.Ptx.Text;

/// <summary>A module as written.</summary>
internal sealed class PtxText
{
    /// <summary>The PTX version, such as 7.8.</summary>
    public string Version { get; set; } = "";

    /// <summary>The first target, such as sm_80.</summary>
    public string Target { get; set; } = "";

    /// <summary>Variables outside functions.</summary>
    public List<PtxVariable> Variables { get; } = [];

    /// <summary>Kernels and functions by name.</summary>
    public Dictionary<string, PtxFunction> Functions { get; } = [];
}
