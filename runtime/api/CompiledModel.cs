using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;
using Dlc.Runtime.Memory;

namespace Dlc.Runtime;

/// <summary>A compiled model that can be run at every shape: the entry to the runtime. Needs neither the compiler nor LLVM.</summary>
/// <example><code>
/// using var model = CompiledModel.Load("bert.dlcx");
/// using var session = model.CreateSession();
/// var y = session.Run(("input_ids", ids), ("attention_mask", mask));
/// Tensor&lt;float&gt; logits = y["logits"].As&lt;float&gt;();
/// </code></example>
public sealed class CompiledModel : IDisposable
{
    private CompiledModel(LoadedExecutable executable)
    {
        Executable = executable;
        var model = executable.Model;
        var inputs = new TensorInfo[model.Inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            var input = model.Inputs[i];
            inputs[i] = new TensorInfo(input.Name, model.Values[input.Value].Type, [.. input.Axes.Select(a => a.Text)]);
        }

        var outputs = new TensorInfo[model.Outputs.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            var output = model.Outputs[i];
            outputs[i] = new TensorInfo(output.Name, model.Values[output.Value].Type, output.DimTexts);
        }

        Inputs = inputs;
        Outputs = outputs;
    }

    /// <summary>Name of the ONNX graph.</summary>
    public string Name => Executable.Model.Name;

    /// <summary>Inputs in the model's order.</summary>
    public IReadOnlyList<TensorInfo> Inputs { get; }

    /// <summary>Outputs in the model's order.</summary>
    public IReadOnlyList<TensorInfo> Outputs { get; }

    /// <summary>Most bytes of a run in sessions that set no limit themselves, as it was compiled; <see cref="long.MaxValue"/> for none.</summary>
    public long MemoryLimit => Executable.Model.MemoryLimit ?? long.MaxValue;

    /// <summary>What is loaded, for tools.</summary>
    public LoadedExecutable Executable { get; }

    /// <summary>Loads a <c>.dlcx</c> file. Weights of more than 16 MiB stay in the file, which nobody may write into or truncate meanwhile; it may be replaced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mapsConstants">False to read all weights into memory, for files that others may write into.</param>
    /// <exception cref="DlcRuntimeException">A file that is foreign, truncated, damaged, of another version, or for another processor.</exception>
    public static CompiledModel Load(string path, bool mapsConstants = true) => new(LoadedExecutable.Load(path, mapsConstants));

    /// <summary>Loads a model that was just compiled.</summary>
    /// <exception cref="DlcRuntimeException">InvalidModel, UnsupportedCpu or OutOfMemory.</exception>
    public static CompiledModel FromModel(ExecutableModel model) => new(LoadedExecutable.FromModel(model));

    /// <summary>Creates a session with threads and memory of its own.</summary>
    public Session CreateSession(SessionOptions? options = null) => new(this, options ?? new SessionOptions());

    /// <summary>
    /// Works out the dims of all inputs from named ones, as a command line gives them: a symbol by its name (<c>batch</c>) or any axis as
    /// <c>input.axis</c> (<c>x.0</c>). Fixed dims and dims that follow from others need no name. Guards are left to the run.
    /// </summary>
    /// <returns>For each input one dim an axis.</returns>
    /// <exception cref="DlcRuntimeException">MissingDims, which lists all that are needed and not given; UnknownName for a name that is none;
    /// DimOverflow.</exception>
    public long[][] SolveInputDims(IReadOnlyDictionary<string, long> named) => InputDimSolver.Solve(Executable.Prepared, named);

    /// <summary>
    /// The memory that a run with these dims needs, exact to the byte: the plan that a session would make, without allocating anything.
    /// </summary>
    /// <param name="dims">Dims by name, as for <see cref="SolveInputDims"/>.</param>
    /// <param name="query">What else the plan depends on; null for a session as it is made without options.</param>
    /// <exception cref="DlcRuntimeException">As <see cref="SolveInputDims"/>; also WrongDim, BrokenGuard, NegativeDim and OutOfMemory.</exception>
    public MemoryReport MemoryFor(IReadOnlyDictionary<string, long> dims, MemoryQuery? query = null) => MemoryFor(SolveInputDims(dims), query);

    /// <summary>The memory that a run with inputs of these dims needs: see the form with names.</summary>
    /// <param name="inputDims">For each input one dim an axis.</param>
    /// <param name="query">What else the plan depends on.</param>
    /// <exception cref="DlcRuntimeException">WrongRank, WrongDim, BrokenGuard, NegativeDim, DimOverflow and OutOfMemory.</exception>
    public MemoryReport MemoryFor(long[][] inputDims, MemoryQuery? query = null)
    {
        ArgumentNullException.ThrowIfNull(inputDims);
        ArgumentOutOfRangeException.ThrowIfNotEqual(inputDims.Length, Inputs.Count);
        for (int i = 0; i < inputDims.Length; i++)
        {
            PortChecks.BytesFor(Inputs[i], inputDims[i]);
        }

        query ??= new MemoryQuery();
        if (query.Calibration?.Matches(Executable.Prepared) == false)
        {
            throw new ArgumentException("the calibration belongs to another model", nameof(query));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(query.Threads);
        int threads = query.Threads == 0 ? Environment.ProcessorCount : query.Threads;
        long limit = query.MemoryLimit ?? MemoryLimit;
        var options = new PlanOptions(threads, query.InPlace) { MemoryLimit = limit, Rates = query.Rates.For(Executable.Model.Target), Calibration = query.Calibration };
        var plan = SignaturePlanner.Make(Executable.Prepared, [.. inputDims.SelectMany(d => d)], options);
        return MemoryReporter.Report(Executable.Prepared, plan, options) with { MemoryLimit = limit == long.MaxValue ? null : limit };
    }

    /// <summary>Lets go of the model; sessions that still live keep its code and constants loaded.</summary>
    public void Dispose() => Executable.Dispose();

    internal static CompiledModel FromModel(ExecutableModel model, nint[] kernels) => new(LoadedExecutable.FromModel(model, kernels));

    internal int InputIndex(PortKey key) => Find(key, Inputs, "input");

    internal int OutputIndex(PortKey key) => Find(key, Outputs, "output");

    private static int Find(PortKey key, IReadOnlyList<TensorInfo> ports, string what)
    {
        if (key.Name is null)
        {
            return (uint)key.Index < (uint)ports.Count ? key.Index : throw Unknown($"{what} {key.Index}");
        }

        for (int i = 0; i < ports.Count; i++)
        {
            if (ports[i].Name == key.Name)
            {
                return i;
            }
        }

        throw Unknown($"'{key.Name}'");

        DlcRuntimeException Unknown(string found) => new(
            RuntimeErrors.UnknownName, $"the model has no such {what}", string.Join(", ", ports.Select((p, i) => $"{i}: '{p.Name}'")), found);
    }
}
