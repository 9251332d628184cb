using System.Collections.Immutable;

namespace Dlc.Passes.Scheduling;

/// <summary>The result of <see cref="Scheduler"/>.</summary>
/// <param name="Order">The order that is best over all sampled dims: the step that runs first, second, ...</param>
/// <param name="Alternatives">Orders that need less than <paramref name="Order"/> at some dims, or are not proved to need more.</param>
public sealed record Schedule(ImmutableArray<int> Order, ImmutableArray<ImmutableArray<int>> Alternatives);
