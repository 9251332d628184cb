using Dlc.Compiler;
using Dlc.Compiler.IO;
using Dlc.IR.Diagnostics;
using Dlc.Runtime;
using Dlc.Runtime.Device;
using DlcSession = Dlc.Runtime.Session;

namespace Dlc.Peers;

/// <summary>This project's compiler behind the common interface.</summary>
/// <param name="counter">Counts what is compiled; null for not.</param>
/// <param name="target">What is compiled for.</param>
/// <param name="device">What runs code for a GPU; null for the machine's own.</param>
public sealed class DlcEngine(CompileCounter? counter = null, string target = "cpu", IDevice? device = null) : IEngine
{
    /// <inheritdoc/>
    public string Name => target == "cpu" ? "dlc" : $"dlc-{target}";

    /// <inheritdoc/>
    public IEngineModel Load(string path, int threads = 1)
    {
        try
        {
            return new Model(DlcCompiler.Compile(path, new CompileOptions { Counter = counter, Target = target }), threads, device);
        }
        catch (DlcException e) when (e.Code == ErrorCodes.Unsupported)
        {
            throw new UnsupportedModelException(e.Message, e);
        }
    }

    /// <summary>Loads a <c>.dlcx</c> file.</summary>
    public static IEngineModel LoadCompiled(string path, int threads = 1) => new Model(CompiledModel.Load(path), threads);

    private sealed class Model(CompiledModel model, int threads, IDevice? device = null) : IEngineModel
    {
        private readonly DlcSession _session = model.CreateSession(new SessionOptions { Threads = threads, Device = device });

        public IReadOnlyList<string> Inputs { get; } = [.. model.Inputs.Select(i => i.Name)];

        public IReadOnlyList<string> Outputs { get; } = [.. model.Outputs.Select(o => o.Name)];

        public IPreparedRun Prepare(IReadOnlyList<KeyValuePair<string, Value>> inputs)
        {
            var binding = _session.CreateBinding();
            foreach (var (name, value) in inputs)
            {
                var tensor = value is Value.Dense { Tensor: { Strings: null } dense } ? dense : throw Lacking(name, value.ToString());
                if (model.Inputs.FirstOrDefault(i => i.Name == name) is { } port && OnnxElementTypes.Of(port.Type) != tensor.Type)
                {
                    throw Lacking(name, $"{tensor}, the model's is {port.Type}");
                }

                // A name that the model does not have is left to the binding's own message.
                binding.BindInputBytes(name, tensor.Bytes, tensor.Dims);
            }

            return new Prepared(_session, binding);
        }

        public void Dispose()
        {
            _session.Dispose();
            model.Dispose();
        }

        private static UnsupportedModelException Lacking(string name, string what) => new($"input '{name}' is {what}, which cannot be bound");
    }

    private sealed class Prepared(DlcSession session, RunBinding binding) : IPreparedRun
    {
        public void Run() => session.Run(binding);

        public IReadOnlyList<Value> ReadOutputs() => [.. binding.Model.Outputs.Select(Read)];

        public void Dispose() => binding.Dispose();

        private unsafe Value Read(TensorInfo port)
        {
            var type = OnnxElementTypes.Of(port.Type) ?? throw new UnsupportedModelException($"output '{port.Name}' is {port.Type}, which cannot be read");
            var data = binding.OutputData(port.Name, out var length);
            return new Value.Dense(new TensorData(type, binding.OutputDims(port.Name), new ReadOnlySpan<byte>(data, checked((int)length)).ToArray()));
        }
    }
}
