using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>A bind point, numbered in the order of execution (0 is the entry), with the values that get their addresses at it.</summary>
internal sealed class PreparedPoint
{
    public required int Id { get; init; }

    public required BindPoint Source { get; init; }

    /// <summary>ONNX nodes of its step, for messages.</summary>
    public required string[] Origins { get; init; }

    /// <summary>Values that get size and address here, an alias after its base.</summary>
    public int[] Values { get; set; } = [];

    /// <summary>Those among <see cref="Values"/> whose address depends on what the user gave: inputs, outputs and their aliases.</summary>
    public int[] Volatile { get; set; } = [];

    /// <summary>What gets its place at this point; each order has lifetimes for it.</summary>
    public PlannedItem[] Items { get; set; } = [];
}
