using System.Collections.Immutable;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>The result of lowering a graph: buffers and the steps that fill them, in order. Regions become programs of their own.</summary>
public sealed class LoweredProgram
{
    /// <summary>Buffers by id; a sub-program continues the numbering of the program around it and may read its buffers.</summary>
    public List<LoweredBuffer> Buffers { get; } = [];

    public List<LoweredBuffer> Inputs { get; } = [];

    public List<LoweredBuffer> Outputs { get; } = [];

    public List<Step> Steps { get; } = [];

    /// <summary>
    /// Other orders in which the steps can run, each a permutation: the index in <see cref="Steps"/> of what runs first, second, and so on. The
    /// runtime takes the one that needs the least memory at the dims of a run. Empty: only the given order. Only the main program has any.
    /// </summary>
    public List<ImmutableArray<int>> Orders { get; } = [];

    /// <summary>Outputs that lie in the memory of inputs; main program only.</summary>
    public List<StateUpdate> Updates { get; } = [];

    /// <summary>Arena buffers that may leave memory between two uses; main program only.</summary>
    public List<LoweredBuffer> Evictable { get; } = [];

    /// <summary>What is relied on inside, beyond what the programs around rely on: checked when the dims it speaks of are known and the program runs.</summary>
    public List<Guard> Guards { get; } = [];
}

/// <summary>Where the bytes of a buffer are.</summary>
public enum BufferStorage : byte
{
    /// <summary>Given by the caller, or by the step that runs the sub-program.</summary>
    Input,

    /// <summary>Bytes in the executable.</summary>
    Constant,

    /// <summary>Placed in the arena by the memory plan.</summary>
    Arena,

    /// <summary>The same bytes as another buffer, under another shape.</summary>
    Alias,
}

/// <summary>A row-major tensor in memory.</summary>
public sealed class LoweredBuffer(int id, TensorType type, BufferStorage storage, string? name)
{
    public int Id { get; } = id;

    public TensorType Type { get; } = type;

    public BufferStorage Storage { get; } = storage;

    /// <summary>The ONNX name, where it has one.</summary>
    public string? Name { get; } = name;

    /// <summary>For constants.</summary>
    public Tensor? Constant { get; init; }

    /// <summary>For aliases.</summary>
    public LoweredBuffer? AliasOf { get; init; }
}

/// <summary>One step of a lowered program.</summary>
public abstract record Step(ValueList<string> Origins);

/// <summary>Runs a kernel over its work items. <paramref name="Dims"/> and the extent are evaluated by the shape program.</summary>
public sealed record LaunchStep(Kernel Kernel, ValueList<LoweredBuffer> Buffers, ValueList<Dim> Dims, Dim WorkItems, Dim WorkPerItem,
    Dim ScratchBytes, ValueList<string> Origins) : Step(Origins)
{
    /// <summary>Which written buffers may lie in the memory of which read ones: positions in <see cref="Buffers"/>.</summary>
    public ValueList<(int Input, int Output)> InPlace { get; init; } = [];

    /// <summary>Other kernels that do the same on the same buffers: the first runs whose condition is not 0, else <see cref="Kernel"/>.</summary>
    public ValueList<LaunchAlternative> Alternatives { get; init; } = [];

    /// <summary>Scalar operations of the launch, an estimate for planning.</summary>
    public required Dim Flops { get; init; }

    /// <summary>Bytes that the launch reads from and writes to memory, an estimate for planning.</summary>
    public required Dim Traffic { get; init; }
}

/// <summary>Another kernel for a launch.</summary>
/// <param name="When">Not 0 where it is to run.</param>
/// <param name="Kernel">Takes the launch's buffers in their order, has the same checks and no scratch memory.</param>
/// <param name="WorkItems">Its extent.</param>
public sealed record LaunchAlternative(Dim When, Kernel Kernel, Dim WorkItems);

/// <summary>Copies all bytes; both have as many.</summary>
public sealed record CopyStep(LoweredBuffer Source, LoweredBuffer Destination, ValueList<string> Origins) : Step(Origins);

/// <summary>Reads an i64 scalar and binds the symbol to it; fails with a message when it is negative.</summary>
public sealed record BindDimStep(Dim Symbol, LoweredBuffer Scalar, ValueList<string> Origins) : Step(Origins);

/// <summary>Runs one of two programs; their outputs are copied or handed over to <paramref name="Outputs"/>.</summary>
/// <param name="BoundDims">For each symbol in the output types: the dim that the taken branch gives it, (then, else).</param>
public sealed record IfStep(LoweredBuffer Condition, LoweredProgram Then, LoweredProgram Else, ValueList<LoweredBuffer> Outputs,
    ValueList<BranchDim> BoundDims, ValueList<string> Origins) : Step(Origins);

/// <summary>A symbol that a branch decides.</summary>
public sealed record BranchDim(Dim Symbol, Dim Then, Dim Else);

/// <summary>
/// ONNX Loop: the body's inputs are the iteration number (i64 scalar) and the carried values; its outputs the carried values, the scanned slices and, of
/// a loop that is not counted, whether to go on (bool scalar).
/// </summary>
/// <param name="TripCount">i64 scalar: the most iterations; null for a counted loop.</param>
/// <param name="Condition">bool scalar: whether to start; null for a counted loop.</param>
/// <param name="Initial">The carried values before the first iteration.</param>
/// <param name="CarriedDims">
/// Symbols of the body's carried inputs that may change between iterations, each with its first value, its value after an iteration (a dim of
/// the body's outputs) and the symbol that holds the last one after the loop.
/// </param>
/// <param name="Trips">The leading dim of scanned outputs: the symbol bound to the number of iterations that ran, or that number, known before, of a counted loop.</param>
/// <param name="Outputs">Carried values after the last iteration, then scanned outputs.</param>
public sealed record LoopStep(LoweredBuffer? TripCount, LoweredBuffer? Condition, ValueList<LoweredBuffer> Initial, LoweredProgram Body,
    ValueList<CarriedDim> CarriedDims, Dim Trips, ValueList<LoweredBuffer> Outputs, ValueList<string> Origins) : Step(Origins)
{
    /// <summary>Whether it runs so often as <see cref="Trips"/> says, without asking.</summary>
    public bool IsCounted => TripCount is null;
}

/// <summary>A dim of a carried value that may change from one iteration to the next.</summary>
public sealed record CarriedDim(Dim Symbol, Dim First, Dim Next, Dim Last);
