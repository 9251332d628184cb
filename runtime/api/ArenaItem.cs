using Dlc.Runtime.Format;

namespace Dlc.Runtime;

/// <summary>Something in the arena whose bytes follow from the input dims.</summary>
/// <param name="Value">Id of the value whose bytes it has; -1 for scratch memory.</param>
/// <param name="Scratch">The launch whose threads have scratch memory here; null for a value.</param>
/// <param name="First">First place of the order at which it is needed.</param>
/// <param name="Last">The last one, inclusive; below <paramref name="First"/> where nothing touches it.</param>
public sealed record ArenaItem(int Value, LaunchStep? Scratch, int First, int Last);
