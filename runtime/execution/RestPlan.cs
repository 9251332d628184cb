using Dlc.Runtime.Rematerialization;

namespace Dlc.Runtime.Execution;

/// <summary>A plan of the rest of a run.</summary>
/// <param name="Plan">Null where none fits.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="LeastBytes">Bytes of the smallest arena with which one would fit, where none does.</param>
internal readonly record struct RestPlan(LimitedPlan? Plan, RunStart Start, long LeastBytes);
