using Dlc.Ptx.Machine;
using Dlc.Ptx.Text;

namespace Dlc.Ptx.Decoding;

/// <summary>The names of one copy of a function's body.</summary>
internal sealed class FunctionScope(PtxFunction function, int depth)
{
    /// <summary>The label behind the body.</summary>
    public const string End = "(end)";

    /// <summary>The text.</summary>
    public PtxFunction Function { get; } = function;

    /// <summary>0 for the kernel.</summary>
    public int Depth { get; } = depth;

    /// <summary>Slots of registers.</summary>
    public Dictionary<string, int> Registers { get; } = [];

    /// <summary>Parameters and local variables.</summary>
    public Dictionary<string, Symbol> Symbols { get; } = [];

    /// <summary>Places of labels.</summary>
    public Dictionary<string, int> Labels { get; } = [];

    /// <summary>Tables of branch targets.</summary>
    public Dictionary<string, string[]> Tables { get; } = [];

    /// <summary>Branches whose labels are to be found.</summary>
    public List<(BranchOperation Branch, string Label, int Line)> Branches { get; } = [];

    /// <summary>Branches whose tables are to be found.</summary>
    public List<(BranchTableOperation Branch, string Table, int Line)> TableBranches { get; } = [];
}
