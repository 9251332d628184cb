using System.Collections.Immutable;

namespace Dlc.Passes;

/// <summary>Passes that run one after the other, again and again until none changes anything or <paramref name="MaximalRounds"/> are over.</summary>
/// <param name="Name">Accepted behind <c>--after</c> like the name of a pass.</param>
/// <param name="Passes">In the order in which they run.</param>
/// <param name="MaximalRounds">At least 1.</param>
public sealed record PassGroup(string Name, ImmutableArray<Pass> Passes, int MaximalRounds = 1);
