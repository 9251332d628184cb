using Dlc.Runtime.Execution;

namespace Dlc.Runtime.Rematerialization;

/// <summary>An action made ready to run.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Step">The step that runs; for a transfer the one that it serves.</param>
/// <param name="Item">The item that moves, or -1.</param>
/// <param name="HostOffset">Where a moved item lies outside.</param>
/// <param name="Placements">Items that have a new place from here on, and where in the arena that is.</param>
internal readonly record struct LimitedAction(ActionKind Kind, PreparedStep Step, int Item, long HostOffset, (int Item, long Offset)[] Placements);
