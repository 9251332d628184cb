using Dlc.Compiler.Onnx.Proto;
using Dlc.Peers;
using Google.Protobuf;

namespace Dlc.Conformance;

/// <summary>Another engine, given each model with every dim of every input unknown: ONNX's cases fix theirs.</summary>
internal sealed class DynamicEngine(IEngine engine) : IEngine
{
    public string Name => $"dynamic-{engine.Name}";

    public IEngineModel Load(string path, int threads = 1)
    {
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        foreach (var dim in proto.Graph.Input.SelectMany(i => i.Type.TensorType?.Shape?.Dim ?? []))
        {
            dim.ClearValue();
        }

        foreach (var output in proto.Graph.Output.Where(o => o.Type?.TensorType is not null))
        {
            output.Type.TensorType.Shape = null;
        }

        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, proto.ToByteArray());
            return engine.Load(file, threads);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
