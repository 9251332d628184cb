namespace Dlc.Passes.Scheduling;

/// <summary>How much a search may still do, in evaluated steps: counted, not timed, so that results do not depend on the machine.</summary>
internal sealed class SearchBudget(long evaluations)
{
    public long Left { get; private set; } = evaluations;

    public bool IsSpent => Left <= 0;

    public void Spend(long count) => Left -= count;

    /// <summary>A budget of its own with at most so much of what is left; give back with <see cref="Return"/>.</summary>
    public SearchBudget Lend(long most)
    {
        var lent = Math.Max(0, Math.Min(most, Left));
        Left -= lent;
        return new SearchBudget(lent);
    }

    /// <summary>Takes back what was lent and not used.</summary>
    public void Return(SearchBudget lent) => Left += Math.Max(0, lent.Left);
}
