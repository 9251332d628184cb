using System.Collections.Immutable;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Scheduling;

/// <summary>Memory whose lifetime the order decides.</summary>
/// <param name="Bytes">Its size.</param>
/// <param name="Writers">The steps that fill it; the first of them to run allocates it. None where <paramref name="IsLiveIn"/>.</param>
/// <param name="Readers">The steps that read it.</param>
/// <param name="IsLiveIn">There before the first step.</param>
/// <param name="IsLiveOut">Still needed after the last step.</param>
public sealed record SchedulingBuffer(Dim Bytes, ImmutableArray<int> Writers, ImmutableArray<int> Readers, bool IsLiveIn = false,
    bool IsLiveOut = false);
