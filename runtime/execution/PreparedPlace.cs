namespace Dlc.Runtime.Execution;

/// <summary>A place in an order of steps.</summary>
/// <param name="Kind">What happens there.</param>
/// <param name="Step">The step, or the one around.</param>
internal readonly record struct PreparedPlace(PlaceKind Kind, PreparedStep Step);
