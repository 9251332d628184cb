using Dlc.Compiler.Onnx;

namespace Dlc.Compiler;

/// <summary>How a model is compiled.</summary>
public sealed record CompileOptions
{
    /// <summary>
    /// The machine: <c>cpu</c> (this processor), <c>cpu:x86-64-v3</c>, <c>cpu:x86-64-v4</c>, <c>cpu:native</c>, or a GPU, <c>cuda:sm_80</c> or
    /// <c>cuda:sm_90</c>; with <c>+tf32</c> behind it f32 products may use tensor cores. No GPU is needed to compile for one.
    /// </summary>
    public string Target { get; init; } = "cpu";

    /// <summary>
    /// What is known of dims, each <c>NAME=SPEC</c> with a comma list of a value (<c>4</c>), a range (<c>1..512</c>), a divisor (<c>%8</c>) and
    /// likely values (<c>~128|512</c>). The runtime checks all but the last. A dim without a name is called after its input and axis, as <c>x.0</c>.
    /// </summary>
    public IReadOnlyList<string> Dims { get; init; } = [];

    /// <summary>
    /// Leaves operations in the model's order instead of choosing one that needs little memory, and in a training step keeps all that the backward pass reads:
    /// to see what that is worth.
    /// </summary>
    public bool KeepOrder { get; init; }

    /// <summary>
    /// Most bytes of a run, as <see cref="Dlc.Runtime.SessionOptions.MemoryLimit"/>, for all sessions that set none themselves; null for no limit. It changes
    /// neither kernels nor results.
    /// </summary>
    public long? MemoryLimit { get; init; }

    /// <summary>Threads of the compiler; 0 for as many as there are processors. Changes nothing in the result.</summary>
    public int Threads { get; init; }

    /// <summary>Folder for one numbered file a pass that changed something, and the kernels; null for none.</summary>
    public string? DumpDirectory { get; init; }

    /// <summary>Folder of external data of a model from memory; null for none. A model file has its own folder.</summary>
    public string? ExternalDataFolder { get; init; }

    /// <summary>Told what the compiler is at; called from several threads.</summary>
    public Action<CompileProgress>? Progress { get; init; }

    /// <summary>Counts what was compiled, over all compilations that it is given to.</summary>
    public CompileCounter? Counter { get; init; }

    /// <summary>Whether the graph says which values may leave memory under a limit, also where there is none yet.</summary>
    internal bool MarksEvictions { get; init; }

    internal ImportOptions ToImportOptions() => new() { Dims = [.. Dims.Select(DimSpec.Parse)], Folder = ExternalDataFolder };
}
