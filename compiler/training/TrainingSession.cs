using Dlc.Compiler.IO;
using Dlc.Compiler.Training;
using Dlc.IR.Diagnostics;
using Dlc.Passes.Training;
using Dlc.Runtime;
using Dlc.Runtime.Device;
using Dlc.Runtime.Format;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler;

/// <summary>
/// Trains a compiled training step: holds the parameters and the optimizer's state and moves them batch by batch. Batches may differ in all dims. Used by one
/// thread at a time. The same batches from the same state give the same bits, on any number of threads.
/// </summary>
/// <example><code>
/// using var session = DlcCompiler.CompileTraining("model.onnx", new TrainingOptions { Loss = "cross-entropy(logits,labels)" });
/// foreach (var (ids, labels) in batches)
/// {
///     var loss = session.Step(("input_ids", ids), ("labels", labels));
/// }
///
/// session.SaveCheckpoint("model.safetensors");
/// </code></example>
public sealed unsafe class TrainingSession : IDisposable
{
    private const string StepState = "optimizer.step";
    private const string BatchState = "optimizer.batches";

    private readonly CompiledModel _model;
    private readonly Session _session;
    private readonly RunBinding _binding;
    private readonly TrainingInfo _info;
    private readonly List<State> _states = [];
    private readonly Dictionary<string, State> _byName = new(StringComparer.Ordinal);

    /// <summary>Trains a compiled model from its initial parameters; it is disposed with the session.</summary>
    /// <exception cref="DlcException">The model was not compiled for training.</exception>
    public TrainingSession(CompiledModel model, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _info = TrainingInfo.Of(model.Executable.Model);
        _model = model;
        _session = model.CreateSession(options);
        _binding = _session.CreateBinding();
        LearningRate = _info.LearningRate;
        foreach (var entry in _info.States)
        {
            var state = new State(entry, model, _session.Device);
            _states.Add(state);
            _byName.Add(entry.Name, state);
        }

        Inputs = [.. model.Inputs.Where(i => !_byName.ContainsKey(i.Name) && i.Name != TrainingStep.LearningRate)];
        Reset();
    }

    /// <summary>The inputs of a batch: those of the model, and labels.</summary>
    public IReadOnlyList<TensorInfo> Inputs { get; }

    /// <summary>The parameters, by the names of the model's initializers.</summary>
    public IReadOnlyList<TensorInfo> Parameters => [.. _states.Where(s => s.Entry.IsParameter).Select(s => s.Info)];

    /// <summary>The parameters and everything that the optimizer keeps: what a checkpoint holds.</summary>
    public IReadOnlyList<TensorInfo> States => [.. _states.Select(s => s.Info)];

    /// <summary>The learning rate of the steps to come.</summary>
    public double LearningRate { get; set; }

    /// <summary>How often the parameters moved since the start of the training.</summary>
    public long Steps => BitConverter.ToInt64(_byName[StepState].Current.Part(0, sizeof(long)));

    /// <summary>How many batches were taken since the start of the training.</summary>
    public long Batches => _byName.TryGetValue(BatchState, out var batches) ? BitConverter.ToInt64(batches.Current.Part(0, sizeof(long))) : Steps;

    /// <summary>Batches to a move of the parameters.</summary>
    public int AccumulationSteps => _info.AccumulationSteps;

    /// <summary>The input of labels, where the loss is a cross-entropy.</summary>
    public string? Labels => _info.Labels;

    /// <summary>The optimizer, as options write it.</summary>
    public string Optimizer => _info.Optimizer;

    /// <summary>The norm of all gradients of the last step, where they are clipped.</summary>
    public double? GradientNorm { get; private set; }

    /// <summary>Bytes of parameters and states.</summary>
    public long StateBytes => _states.Sum(s => s.Bytes);

    /// <summary>The most bytes that steps took beside that.</summary>
    public long ArenaBytes => _session.HighWaterBytes;

    /// <summary>Opens a training step that was compiled to a file.</summary>
    /// <exception cref="DlcException">The model was not compiled for training.</exception>
    /// <exception cref="DlcRuntimeException">The file is none of ours, or damaged, or for another processor.</exception>
    public static TrainingSession Open(string path, SessionOptions? options = null)
    {
        var model = CompiledModel.Load(path);
        try
        {
            return new TrainingSession(model, options);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Takes one batch: computes the loss and its gradients and moves the parameters (with accumulation, after the last batch of a step).</summary>
    /// <returns>The loss of the batch, before the parameters moved.</returns>
    /// <exception cref="DlcRuntimeException">As <see cref="Session.Run(RunBinding)"/>; nothing has moved then, but where a step fails in its middle: parts of the
    /// state that it updates in place may be new.</exception>
    public double Step(params ReadOnlySpan<(string Name, InputTensor Tensor)> batch)
    {
        foreach (var (name, tensor) in batch)
        {
            if (_byName.ContainsKey(name) || name == TrainingStep.LearningRate)
            {
                throw new ArgumentException($"'{name}' is no input of a batch", nameof(batch));
            }

            _binding.BindInput(name, tensor);
        }

        var rate = (float)LearningRate;
        _binding.BindInput(TrainingStep.LearningRate, ScalarType.F32, &rate, sizeof(float), []);
        foreach (var state in _states)
        {
            state.Bind(_binding);
        }

        _session.Run(_binding);
        _states.ForEach(s => s.Advance());
        GradientNorm = _model.Outputs.Any(o => o.Name == TrainingStep.GradientNorm) ? Number(TrainingStep.GradientNorm) : null;
        return Number(_info.Loss);
    }

    /// <summary>Goes back to the initial parameters and an empty optimizer.</summary>
    public void Reset()
    {
        foreach (var state in _states)
        {
            var initial = state.Entry.Parameter is { } parameter ? _byName[parameter] : null;
            state.Fill(_model.Executable.Model, initial);
        }
    }

    /// <summary>A copy of the elements of a parameter or state.</summary>
    /// <typeparam name="T">Its element type; <see cref="ushort"/> for bf16.</typeparam>
    public T[] Read<T>(string name)
        where T : unmanaged
    {
        var state = Find<T>(name);
        var result = new T[state.Bytes / sizeof(T)];
        fixed (T* target = result)
        {
            Buffer.MemoryCopy(state.Current.Data, target, state.Bytes, state.Bytes);
        }

        return result;
    }

    /// <summary>Sets the elements of a parameter or state.</summary>
    /// <typeparam name="T">Its element type; <see cref="ushort"/> for bf16.</typeparam>
    public void Write<T>(string name, ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        var state = Find<T>(name);
        if ((long)elements.Length * sizeof(T) != state.Bytes)
        {
            throw new ArgumentException($"'{name}' has {state.Bytes / sizeof(T)} elements, not {elements.Length}", nameof(elements));
        }

        fixed (T* source = elements)
        {
            Buffer.MemoryCopy(source, state.Current.Data, state.Bytes, state.Bytes);
        }
    }

    /// <summary>Writes all parameters and states to a safetensors file. A crash leaves either the file that was there or the new one.</summary>
    /// <exception cref="DlcException">The file cannot be written.</exception>
    public void SaveCheckpoint(string path)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "dlc", ["model"] = _model.Name, ["optimizer"] = Optimizer };
        var tensors = _states.Select(s => (s.Info.Name, s.Type, s.Dims)).ToList();
        DurableFile.Write(path, stream => Safetensors.Write(stream, tensors, texts, (i, target) =>
            _states[i].Current.ForEachPart((offset, length) => target.Write(_states[i].Current.Part(offset, length)))));
    }

    /// <summary>Takes over the parameters and states of a checkpoint. Where it does not fit, nothing has changed.</summary>
    /// <exception cref="DlcException">The file is damaged, or of another model.</exception>
    public void LoadCheckpoint(string path)
    {
        try
        {
            using var file = Safetensors.Open(path);
            var tensors = _states.Select(s => Matching(file, s, path)).ToArray();
            for (var i = 0; i < tensors.Length; i++)
            {
                var (memory, tensor) = (_states[i].Current, tensors[i]);
                memory.ForEachPart((offset, length) => file.Read(tensor with { Offset = tensor.Offset + offset }, memory.Part(offset, length)));
            }
        }
        catch (Exception e) when (e is TensorFormatException or IOException or UnauthorizedAccessException)
        {
            throw new DlcException(ErrorCodes.BadTensorFile, e.Message, null, e);
        }
    }

    public void Dispose()
    {
        _states.ForEach(s => s.Dispose());
        _binding.Dispose();
        _session.Dispose();
        _model.Dispose();
    }

    private static Safetensors.Entry Matching(Safetensors file, State state, string path)
    {
        if (!file.Tensors.TryGetValue(state.Info.Name, out var tensor))
        {
            throw new DlcException(ErrorCodes.BadTensorFile, $"{path} has no tensor '{state.Info.Name}': it belongs to another model or optimizer");
        }

        return tensor.Type == state.Type && tensor.Dims.AsSpan().SequenceEqual(state.Dims) ? tensor : throw new DlcException(ErrorCodes.BadTensorFile,
            $"{path}: '{state.Info.Name}' should be {state.Info.Shape}, found {OnnxElementTypes.Name(tensor.Type)}[{string.Join(",", tensor.Dims)}]");
    }

    private State Find<T>(string name)
        where T : unmanaged
    {
        if (!_byName.TryGetValue(name, out var state))
        {
            throw new ArgumentException($"there is no parameter or state '{name}'", nameof(name));
        }

        return state.Info.Type.Accepts<T>() ? state : throw new ArgumentException($"'{name}' is of {state.Info.Type.Name()}", nameof(name));
    }

    /// <summary>An output of one float.</summary>
    private double Number(string output) => _model.Outputs.First(o => o.Name == output).Type switch
    {
        ScalarType.F32 => _binding.Output<float>(output)[0],
        ScalarType.F64 => _binding.Output<double>(output)[0],
        ScalarType.F16 => (double)_binding.Output<Half>(output)[0],
        _ => BitConverter.UInt32BitsToSingle((uint)_binding.Output<ushort>(output)[0] << 16),
    };

    /// <summary>A tensor that lives from step to step. Where the executable does not update it in place, two memories take turns.</summary>
    private sealed class State : IDisposable
    {
        private readonly StateMemory? _other;
        private readonly IDevice? _device;
        private StateMemory _next;

        public State(TrainingInfo.Entry entry, CompiledModel model, IDevice? device)
        {
            Entry = entry;
            _device = device;
            Info = model.Inputs.First(i => i.Name == entry.Name);
            Type = OnnxElementTypes.Of(Info.Type)!.Value;
            Dims = [.. Info.Dims.Select(d => long.Parse(d, System.Globalization.CultureInfo.InvariantCulture))];
            Bytes = Dims.Aggregate((long)Info.Type.SizeOf(), (a, b) => checked(a * b));
            Current = new StateMemory(Bytes, device);
            var output = model.Executable.Model.Outputs.First(o => o.Name == entry.Name);
            _other = output.UpdatesInput < 0 ? new StateMemory(Bytes, device) : null;
            _next = _other ?? Current;
        }

        public TrainingInfo.Entry Entry { get; }

        public TensorInfo Info { get; }

        public DataType Type { get; }

        public long[] Dims { get; }

        public long Bytes { get; }

        public StateMemory Current { get; private set; }

        public void Bind(RunBinding binding)
        {
            if (_device is not null)
            {
                // Whatever becomes of the run, what it left on the device counts.
                binding.BindDeviceInput(Entry.Name, Current.ReadOnDevice(), Bytes, Dims);
                if (_other is null)
                {
                    Current.WriteOnDevice();
                }
                else
                {
                    binding.BindDeviceOutput(Entry.Name, _next.WriteOnDevice(), Bytes);
                }

                return;
            }

            binding.BindInput(Entry.Name, Info.Type, Current.Data, Bytes, Dims);
            if (_other is not null)
            {
                binding.BindOutput(Entry.Name, _next.Data, Bytes);
            }
        }

        public void Advance() => (Current, _next) = (_next, Current);

        /// <summary>The initial content: a parameter's from the executable, that of its master copy from the parameter, else zeros.</summary>
        public void Fill(ExecutableModel model, State? parameter)
        {
            if (parameter is null || (parameter == this && Entry.Constant < 0))
            {
                Current.ForEachPart((offset, length) => Current.Part(offset, length).Clear());
            }
            else if (parameter == this)
            {
                using var stream = new UnmanagedMemoryStream(Current.Data, 0, Bytes, FileAccess.Write);
                model.Constants[Entry.Constant].WriteTo(stream);
            }
            else
            {
                var target = new Span<float>(Current.Data, checked((int)(Bytes / sizeof(float))));
                var source = new ReadOnlySpan<ushort>(parameter.Current.Data, target.Length);
                for (var i = 0; i < target.Length; i++)
                {
                    target[i] = parameter.Info.Type == ScalarType.F16
                        ? (float)BitConverter.UInt16BitsToHalf(source[i]) : BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
                }
            }
        }

        public void Dispose()
        {
            Current.Dispose();
            if (!ReferenceEquals(_next, Current))
            {
                _next.Dispose();
            }
        }
    }
}
