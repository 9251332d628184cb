namespace Dlc.Ptx.Machine;

/// <summary>The asynchronous copies of a thread.</summary>
internal sealed class ThreadCopies
{
    /// <summary>Copies that have not been waited for, oldest first.</summary>
    public List<PendingCopy> Pending { get; } = [];

    /// <summary>Groups closed so far.</summary>
    public int Groups { get; set; }
}
