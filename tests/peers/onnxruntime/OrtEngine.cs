namespace Dlc.Peers.OnnxRuntime;

/// <summary>ONNX Runtime behind the common interface.</summary>
public sealed class OrtEngine : IEngine
{
    /// <inheritdoc/>
    public string Name => "ort";

    /// <inheritdoc/>
    public IEngineModel Load(string path, int threads = 1) => Guard(() => new Model(OrtSession.FromFile(path, threads)));

    private static bool Lacks(OrtException e) =>
        e.Message.Contains("NOT_IMPLEMENTED") || e.Message.Contains("Could not find an implementation")
        || e.Message.Contains("is under development") || e.Message.Contains("no way to pass")
        || e.Message.Contains("is not a registered function/op") || e.Message.Contains("Unsupported model IR version")
        || e.Message.Contains("Unrecognized attribute") || e.Message.Contains("kernel is not supported");

    private static T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (OrtException e) when (Lacks(e))
        {
            throw new UnsupportedModelException(e.Message, e);
        }
    }

    private sealed class Model(OrtSession session) : IEngineModel
    {
        public IReadOnlyList<string> Inputs { get; } = [.. session.Inputs.Select(i => i.Name)];

        public IReadOnlyList<string> Outputs { get; } = [.. session.Outputs.Select(o => o.Name)];

        public IPreparedRun Prepare(IReadOnlyList<KeyValuePair<string, Value>> inputs) => new Prepared(Guard(() => session.Prepare(inputs)));

        public void Dispose() => session.Dispose();
    }

    private sealed class Prepared(OrtCall call) : IPreparedRun
    {
        public void Run()
        {
            try
            {
                call.Run();
            }
            catch (OrtException e) when (Lacks(e))
            {
                throw new UnsupportedModelException(e.Message, e);
            }
        }

        public IReadOnlyList<Value> ReadOutputs() => call.ReadOutputs();

        public void Dispose() => call.Dispose();
    }
}
