using System.Numerics.Tensors;
using Dlc.Runtime.Cpu;
using Dlc.Runtime.Cuda;
using Dlc.Runtime.Device;
using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;
using Dlc.Runtime.Memory;

namespace Dlc.Runtime;

/// <summary>
/// Runs a model. Safe from many threads at once: each run takes an execution context of its own, and runs that find the worker threads
/// busy do their work alone. After an exception the session is as good as before.
/// </summary>
public sealed partial class Session : IDisposable
{
    private readonly LoadedExecutable _executable;
    private readonly SessionOptions _options;
    private readonly DeviceModel? _device;
    private readonly PlanCache _plans;
    private readonly WorkerPool _pool;
    private readonly ExecutorPool _contexts;
    private readonly Lock _lock = new();
    private readonly Stack<RunBinding> _bindings = [];
    private readonly ArenaClaims _arenas = new();
    private volatile bool _disposed;

    internal Session(CompiledModel model, SessionOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads);
        ArgumentOutOfRangeException.ThrowIfNegative(options.DeviceGraphs);
        _executable = model.Executable;
        if (options.Profile is not null && !options.Profile.Matches(_executable.Prepared))
        {
            throw new ArgumentException("the profile belongs to another model", nameof(options));
        }

        if (_executable.Model.Target.IsGpu)
        {
            _device = _executable.On(options.Device ?? CudaDevice.Default);
        }

        if (options.Calibration?.Matches(_executable.Prepared) == false)
        {
            throw new ArgumentException("the calibration belongs to another model", nameof(options));
        }

        _executable.AddReference();
        Model = model;
        _options = options;
        _plans = new PlanCache(options.PlanCacheCapacity);
        Threads = _device is not null ? 1 : options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        _contexts = new ExecutorPool(
            () => new Executor(_executable, options.TrimArenaAfterRuns, options.KeptArenaBytes, PlanOptions, options.Profile, _device, options.DeviceGraphs),
            Math.Max(1, options.IdleContexts));
        _pool = new WorkerPool(Threads, options.IdleSpin);
    }

    ~Session() => Free();

    /// <summary>The model it runs.</summary>
    public CompiledModel Model { get; }

    /// <summary>The device that runs the model; null for the processor.</summary>
    public IDevice? Device => _device?.Device;

    /// <summary>Threads that work at one inference, the caller among them.</summary>
    public int Threads { get; }

    /// <summary>Bytes allocated for intermediate values and scratch by all execution contexts, as they stood when their last run ended.</summary>
    public long AllocatedBytes => _contexts.AllocatedBytes;

    /// <summary>The most bytes that were ever allocated at the end of a run.</summary>
    public long HighWaterBytes => _contexts.HighWaterBytes;

    /// <summary>How it was made to run.</summary>
    public SessionOptions Options => _options;

    /// <summary>Times that input dims were met without a plan for them.</summary>
    public long PlansMade => _plans.Misses;

    /// <summary>
    /// Times that the rest of a run was planned anew in its middle, because sizes that data decided did not fit under the memory limit: see
    /// <see cref="SessionOptions.MemoryLimit"/>. The next run of the same input dims has room for them from its start.
    /// </summary>
    public long PlansMadeInRuns => _contexts.PlansInRuns;

    /// <summary>Bytes that were copied from one place to another for such plans.</summary>
    public long BytesMovedInRuns => _contexts.BytesMoved;

    /// <summary>The most bytes that a limited run counted against its allowance, over the contexts that are there now.</summary>
    internal long MostCounted => _contexts.All.Max(e => e.Store.Budget?.Most ?? 0);

    /// <summary>The fewest bytes that limited runs of the contexts that are there now left of their allowances.</summary>
    internal long LeastSpare => _contexts.All.Min(e => e.Store.Budget?.LeastSpare ?? long.MaxValue);

    /// <summary>A set of inputs and outputs to fill and run, again and again without managed allocations. Used by one thread at a time.</summary>
    public RunBinding CreateBinding()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new RunBinding(Model);
    }

    /// <summary>Runs with what is bound. Allocates no managed memory when the input dims were met before.</summary>
    /// <exception cref="DlcRuntimeException">A missing input, a wrong dim, a broken guard, a failed check in a kernel.</exception>
    public void Run(RunBinding binding)
    {
        Begin(binding);
        try
        {
            var executor = _contexts.Rent();
            bool pooled = _pool.TryAcquire();
            try
            {
                executor.Run(binding, _plans, pooled ? _pool : null);
            }
            finally
            {
                if (pooled)
                {
                    _pool.Release();
                }

                _contexts.Return(executor);
            }
        }
        finally
        {
            End(binding);
        }
    }

    /// <summary>Runs with named tensors and returns the outputs in managed memory of their own.</summary>
    /// <param name="inputs">Name and tensor (<c>("x", tensor)</c>); tensors are read where they are if they are dense.</param>
    /// <exception cref="DlcRuntimeException">As <see cref="Run(RunBinding)"/>; also UnknownName, WrongType and WrongRank.</exception>
    public RunResult Run(params ReadOnlySpan<(string Name, InputTensor Tensor)> inputs)
    {
        using var binding = CreateBinding();
        foreach (var (name, tensor) in inputs)
        {
            ArgumentNullException.ThrowIfNull(tensor);
            tensor.BindTo(binding, name);
        }

        binding.AllocateOutputs();
        Run(binding);
        return binding.TakeResult();
    }

    /// <summary>Runs a model of one input and one output from and to memory of the user, which is used where it is.</summary>
    /// <param name="input">Dense.</param>
    /// <param name="output">Dense, of exactly the output's dims.</param>
    /// <exception cref="DlcRuntimeException">As <see cref="Run(RunBinding)"/>; also WrongLayout for tensors that are not dense.</exception>
    public unsafe void Run<TIn, TOut>(ReadOnlyTensorSpan<TIn> input, TensorSpan<TOut> output)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        if (Model.Inputs.Count != 1 || Model.Outputs.Count != 1)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.WrongLayout, "this form of Run is for one input and one output", "one and one", $"{Model.Inputs.Count} and {Model.Outputs.Count}");
        }

        var binding = RentBinding();
        try
        {
            fixed (TIn* from = &input.GetPinnableReference())
            fixed (TOut* to = &output.GetPinnableReference())
            {
                binding.UseInput(0, input, from);
                binding.UseOutput(0, output, to);
                Run(binding);
            }
        }
        finally
        {
            binding.Clear();
            ReturnBinding(binding);
        }
    }

    /// <summary>Bytes of the arena that a run with the dims of these inputs needs for its intermediate values whose sizes follow from the
    /// input dims. Nothing is run.</summary>
    /// <exception cref="DlcRuntimeException">As <see cref="Run(RunBinding)"/> where the dims are wrong.</exception>
    public long ArenaBytesFor(RunBinding binding) => PlanFor(binding).ArenaBytes;

    /// <summary>The dims that an output will have for the dims of these inputs, where they follow from them. Nothing is run.</summary>
    /// <param name="binding">Has all inputs bound.</param>
    /// <param name="output">Name or index.</param>
    /// <param name="dims">Receives one number an axis.</param>
    /// <returns>False when the dims depend on data and are known only after a run.</returns>
    /// <exception cref="DlcRuntimeException">As <see cref="Run(RunBinding)"/> where the dims are wrong.</exception>
    public bool TryGetOutputDims(RunBinding binding, PortKey output, Span<long> dims)
    {
        ArgumentNullException.ThrowIfNull(binding);
        int value = _executable.Model.Outputs[Model.OutputIndex(output)].Value;
        if (!_executable.Prepared.Points[0].Values.Contains(value))
        {
            return false;
        }

        var plan = PlanFor(binding);
        int[] slots = _executable.Model.Values[value].Dims;
        for (int a = 0; a < slots.Length; a++)
        {
            dims[a] = plan.Slots[slots[a]];
        }

        return true;
    }

    /// <summary>Frees the arenas of the execution contexts that are idle now; the next runs allocate what they need.</summary>
    public void FreeArenas()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _contexts.FreeArenas();
    }

    /// <summary>Frees memory and threads. No run may be under way, but those of <see cref="Launch"/>, which it waits for.</summary>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Free();
    }

    private void Free()
    {
        if (_pool is null)
        {
            // The constructor failed before there was anything to free.
            return;
        }

        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        AbandonLaunched();

        _pool.Dispose();
        _contexts.Dispose();
        while (_bindings.TryPop(out var binding))
        {
            binding.Dispose();
        }

        _executable.Release();
    }

    /// <summary>Gives a binding and the memory for its arena to a run, until <see cref="End"/>.</summary>
    private void Begin(RunBinding binding)
    {
        ArgumentNullException.ThrowIfNull(binding);
        if (binding.Model != Model)
        {
            throw new ArgumentException("the binding belongs to another model", nameof(binding));
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
        binding.Begin();
        try
        {
            _arenas.Claim(binding.ArenaRange);
        }
        catch
        {
            binding.End();
            throw;
        }
    }

    private void End(RunBinding binding)
    {
        _arenas.Release(binding.ArenaRange);
        binding.End();
    }

    private PlanOptions PlanOptions => new(Threads, _options.InPlace)
    {
        MemoryLimit = _options.MemoryLimit ?? Model.MemoryLimit,
        Rates = _options.Rates.For(_executable.Model.Target),
        Calibration = _device is null ? _options.Calibration : null,
    };

    private SignaturePlan PlanFor(RunBinding binding)
    {
        ArgumentNullException.ThrowIfNull(binding);
        ObjectDisposedException.ThrowIf(_disposed, this);
        binding.Begin();
        try
        {
            var executor = _contexts.Rent();
            try
            {
                return executor.Store.PlanFor(binding, _plans);
            }
            finally
            {
                executor.Store.Leave();
                _contexts.Return(executor);
            }
        }
        finally
        {
            binding.End();
        }
    }

    private RunBinding RentBinding()
    {
        lock (_lock)
        {
            if (_bindings.TryPop(out var binding))
            {
                return binding;
            }
        }

        return CreateBinding();
    }

    private void ReturnBinding(RunBinding binding)
    {
        lock (_lock)
        {
            _bindings.Push(binding);
        }
    }
}
