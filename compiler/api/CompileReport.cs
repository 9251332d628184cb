using Dlc.Passes;

namespace Dlc.Compiler;

/// <summary>What a compilation did.</summary>
public sealed record CompileReport
{
    /// <summary>Name of the ONNX graph.</summary>
    public required string Model { get; init; }

    /// <summary>The processor that the code is for.</summary>
    public required string Target { get; init; }

    /// <summary>Operators of the imported graph, regions included, constants not.</summary>
    public required int OperatorsIn { get; init; }

    /// <summary>Operators left before fusion.</summary>
    public required int OperatorsOut { get; init; }

    /// <summary>Kernel launches that compute more than one operator.</summary>
    public required int FusedKernels { get; init; }

    /// <summary>Kernel launches of a run, each loop body counted once.</summary>
    public required int Launches { get; init; }

    /// <summary>Kernels compiled: structurally equal ones are one.</summary>
    public required int DistinctKernels { get; init; }

    /// <summary>Symbols in the sizes of inputs and of what is bound at run time.</summary>
    public required int Symbols { get; init; }

    /// <summary>Facts that the runtime checks.</summary>
    public required int Guards { get; init; }

    /// <summary>Bytes of constants in the executable.</summary>
    public required long ConstantBytes { get; init; }

    /// <summary>Bytes of code.</summary>
    public required long CodeBytes { get; init; }

    /// <summary>What is trained, for a training step; else null.</summary>
    public string? Training { get; init; }

    /// <summary>Wall time by stage (<see cref="CompileStages"/>), in order.</summary>
    public required IReadOnlyList<StageTime> Stages { get; init; }

    /// <summary>Wall time by pass.</summary>
    public required IReadOnlyList<PassTime> Passes { get; init; }

    /// <summary>Wall time of all stages.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Stages.Sum(s => s.Elapsed.Ticks));
}
