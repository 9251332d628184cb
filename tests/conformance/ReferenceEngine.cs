using Dlc.Compiler.IO;
using Dlc.Compiler.Onnx;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.Peers;
using ElementType = Dlc.IR.ElementType;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;
using Value = Dlc.Peers.Value;

namespace Dlc.Conformance;

/// <summary>
/// Imports a model and runs it by the operators' reference semantics, without compiling: tells errors of import from errors of compilation.
/// With <paramref name="isDynamic"/> every dim of every input becomes a symbol first, so that nothing is known at import.
/// </summary>
internal sealed class ReferenceEngine(bool isDynamic) : IEngine
{
    public string Name => isDynamic ? "dynamic" : "reference";

    public IEngineModel Load(string path, int threads = 1)
    {
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        foreach (var dim in proto.Graph.Input.Where(_ => isDynamic).SelectMany(i => i.Type.TensorType?.Shape?.Dim ?? []))
        {
            dim.ClearValue();
        }

        try
        {
            return new Model(OnnxImporter.Import(proto, new ImportOptions { Folder = Path.GetDirectoryName(path) }));
        }
        catch (DlcException e) when (e.Code == ErrorCodes.Unsupported)
        {
            throw new UnsupportedModelException(e.Message, e);
        }
    }

    private sealed class Model(Module module) : IEngineModel
    {
        public IReadOnlyList<string> Inputs { get; } = [.. module.Main.Inputs.Select(i => i.Name ?? string.Empty)];

        public IReadOnlyList<string> Outputs { get; } = module.OutputNames;

        public IPreparedRun Prepare(IReadOnlyList<KeyValuePair<string, Value>> inputs) => new FunctionRun(() => Run(inputs));

        private List<Value> Run(IReadOnlyList<KeyValuePair<string, Value>> inputs)
        {
            var byName = inputs.ToDictionary(i => i.Key, i => i.Value.Single);
            return [.. new GraphEvaluator(module).Run([.. Inputs.Select(name => ToTensor(byName[name]))]).Select(FromTensor)];
        }

        public void Dispose()
        {
        }

        private static Tensor ToTensor(TensorData data) => new(
            OnnxTypes.ToElement(data.Type) ?? throw new UnsupportedModelException(data.ToString()), data.Dims, data.Bytes);

        private static Value FromTensor(Tensor tensor) => new Value.Dense(new TensorData(Type(tensor.Element), tensor.Dims, tensor.Bytes.ToArray()));

        private static DataType Type(ElementType element) => Enum.GetValues<DataType>().First(type => OnnxTypes.ToElement(type) == element);
    }
}
