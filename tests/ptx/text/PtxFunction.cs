namespace Dlc.Ptx.Text;

/// <summary>A kernel or a function as written.</summary>
internal sealed record PtxFunction(string Name, bool IsKernel, int Line)
{
    /// <summary>What it takes.</summary>
    public List<PtxVariable> Parameters { get; } = [];

    /// <summary>What it returns.</summary>
    public List<PtxVariable> Results { get; } = [];

    /// <summary>Shared, local and param variables of the body.</summary>
    public List<PtxVariable> Variables { get; } = [];

    /// <summary>Registers and their types; a family <c>%r&lt;5&gt;</c> is listed by its members.</summary>
    public Dictionary<string, string> Registers { get; } = [];

    /// <summary>Instructions and labels in order.</summary>
    public List<PtxInstruction> Body { get; } = [];

    /// <summary>Greatest block sizes (x, y, z) of <c>.maxntid</c>; empty where not given.</summary>
    public int[] MaximumBlock { get; set; } = [];

    /// <summary>The block sizes of <c>.reqntid</c>; empty where not given.</summary>
    public int[] RequiredBlock { get; set; } = [];

    /// <summary>Whether there is a body.</summary>
    public bool IsDefined { get; set; }
}
