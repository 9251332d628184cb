namespace Dlc.Passes.Scheduling;

/// <summary>A set of steps that are done, and the best known way to get there.</summary>
/// <param name="Parent">The state before; null at the start.</param>
/// <param name="Steps">What ran since <paramref name="Parent"/>.</param>
/// <param name="Done">The set, one bit a step.</param>
/// <param name="Ready">Steps whose predecessors are all done, ascending.</param>
/// <param name="Count">How many are done.</param>
/// <param name="Hash">Names the set.</param>
/// <param name="Live">Live bytes after the set.</param>
/// <param name="Peak">Most live bytes on the way.</param>
internal sealed record SearchState(SearchState? Parent, int[] Steps, ulong[] Done, int[] Ready, int Count, ulong Hash, long Live, long Peak)
{
    /// <summary>All steps from the start on.</summary>
    public int[] Order()
    {
        var order = new int[Count];
        var end = Count;
        for (var state = this; state is not null; state = state.Parent)
        {
            end -= state.Steps.Length;
            state.Steps.CopyTo(order, end);
        }

        return order;
    }
}
