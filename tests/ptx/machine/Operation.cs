namespace Dlc.Ptx.Machine;

/// <summary>A decoded instruction. Operands are numbers of slots: a slot holds 64 bits for each of 32 lanes.</summary>
internal abstract class Operation
{
    /// <summary>Its place in the program.</summary>
    public int Index { get; set; }

    /// <summary>The line of the text.</summary>
    public int Line { get; set; }

    /// <summary>The text.</summary>
    public string Source { get; set; } = "";

    /// <summary>What it is counted as.</summary>
    public PtxKind Kind { get; set; }

    /// <summary>The slot of its guard; -1 for none.</summary>
    public int Guard { get; set; } = -1;

    /// <summary>Whether it runs where the guard is false.</summary>
    public bool GuardNegated { get; set; }

    /// <summary>Who runs it.</summary>
    public virtual OperationForm Form => OperationForm.Plain;

    /// <summary>Runs it for the lanes of <paramref name="mask"/>, of which there is at least one.</summary>
    public abstract void Run(Warp warp, uint mask);
}

/// <summary>Who runs an operation.</summary>
internal enum OperationForm
{
    /// <summary>Each group of lanes on its own.</summary>
    Plain,

    /// <summary>The warp itself: it decides where lanes go on.</summary>
    Control,

    /// <summary>Lanes that wait for each other first.</summary>
    Meeting,
}
