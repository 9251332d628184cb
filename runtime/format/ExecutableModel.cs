using System.Globalization;

namespace Dlc.Runtime.Format;

/// <summary>
/// A compiled model in memory: what a <c>.dlcx</c> file holds and what the loader runs without a file.
/// Plain data; The validator says which of it makes sense, and both writer and loader ask it.
/// </summary>
/// <remarks>
/// Dims live in numbered i64 <i>slots</i>, one array an execution. A slot is defined once: by an input axis, by an instruction of a
/// <see cref="BindPoint"/>, or by a step; programs are numbered from the outside in (a sub-program has a larger index than the program
/// that holds its step) and each sub-program belongs to one step.
/// </remarks>
public sealed record ExecutableModel
{
    /// <summary>The property that holds <see cref="MemoryLimit"/>.</summary>
    public const string MemoryLimitProperty = "memory-limit";

    /// <summary>Name of the ONNX graph.</summary>
    public required string Name { get; init; }

    /// <summary>Who wrote it: <c>dlc 0.1.0</c>.</summary>
    public string Producer { get; init; } = "";

    public required TargetInfo Target { get; init; }

    /// <summary>How each slot reads (a symbol or an expression) for messages; its length is the number of slots.</summary>
    public required string[] SlotNames { get; init; }

    public required ModelInput[] Inputs { get; init; }

    public required ModelOutput[] Outputs { get; init; }

    /// <summary>Runs at the start, when the slots of the input axes are defined.</summary>
    public required BindPoint Entry { get; init; }

    public required ValueInfo[] Values { get; init; }

    /// <summary>Index 0 is the main program.</summary>
    public required StepProgram[] Programs { get; init; }

    public ConstantData[] Constants { get; init; } = [];

    /// <summary>Position-independent machine code without external references.</summary>
    public ReadOnlyMemory<byte> Code { get; init; }

    /// <summary>Further facts as pairs of text (options, sizes, times of compilation are not among them: equal compiles give equal
    /// bytes), ordered by key.</summary>
    public KeyValuePair<string, string>[] Properties { get; init; } = [];

    /// <summary>Most bytes of a run in sessions that set no limit themselves; null for none.</summary>
    public long? MemoryLimit => long.TryParse(
        Properties.FirstOrDefault(p => p.Key == MemoryLimitProperty).Value, NumberStyles.None, CultureInfo.InvariantCulture, out long limit) ? limit : null;

    /// <summary>Bytes of the constants that steps read; what else the executable carries (initial parameters of a training) stays in its file.</summary>
    public long WeightBytes => ReadConstants.Sum(i => Constants[i].Length);

    /// <summary>Indices of the constants that steps read.</summary>
    public IEnumerable<int> ReadConstants => Values.Where(v => v.Storage == StorageKind.Constant).Select(v => v.Index).Distinct();

    /// <summary>The same with one more property.</summary>
    public ExecutableModel WithProperty(string key, string value) =>
        this with { Properties = [.. Properties.Append(KeyValuePair.Create(key, value)).OrderBy(p => p.Key, StringComparer.Ordinal)] };
}
