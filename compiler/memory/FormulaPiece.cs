using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Memory;

/// <summary>The bytes alive at one step, where no other step is known to need as much at every dims.</summary>
public sealed record FormulaPiece
{
    /// <summary>The sum, as an expression of the symbols of the inputs.</summary>
    public required Dim Bytes { get; init; }

    /// <summary>What of the sum are buffers without padding.</summary>
    public required Dim Whole { get; init; }

    /// <summary>Sizes of the other buffers, each of which is rounded up to 64 bytes, with the number of such buffers.</summary>
    public required IReadOnlyList<KeyValuePair<Dim, int>> Odd { get; init; }

    /// <summary>Index of the step in its order.</summary>
    public required int Step { get; init; }

    /// <summary>Among drawn dims, the part at which this is the peak.</summary>
    public double Share { get; init; }
}
