using Dlc.Compiler.IO;
using Dlc.Compiler.Onnx;
using Dlc.Codegen.X86;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;
using Dlc.Passes;
using Dlc.Passes.Lowering;
using Dlc.Peers;
using ElementType = Dlc.IR.ElementType;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;
using Value = Dlc.Peers.Value;

namespace Dlc.Conformance;

/// <summary>
/// Imports a model and runs it without compiled code, up to a stage of the compiler: tells errors of import, passes, lowering and code generation
/// from each other.
/// </summary>
internal sealed class ReferenceEngine(ReferenceStage stage) : IEngine
{
    public string Name => stage.ToString().ToLowerInvariant();

    public IEngineModel Load(string path, int threads = 1)
    {
        try
        {
            var module = OnnxImporter.Import(path);
            var machine = CpuTarget.V4.Machine;
            if (stage != ReferenceStage.Reference)
            {
                new PassManager(new PassContext(machine)).Run(module, Pipeline.Create());
            }

            return new Model(module, stage == ReferenceStage.Kernels ? Lowering.Run(module.Main, machine) : null);
        }
        catch (DlcException e) when (e.Code == ErrorCodes.Unsupported)
        {
            throw new UnsupportedModelException(e.Message, e);
        }
    }

    private sealed class Model(Module module, LoweredProgram? program) : IEngineModel
    {
        public IReadOnlyList<string> Inputs { get; } = [.. module.Main.Inputs.Select(i => i.Name ?? string.Empty)];

        public IReadOnlyList<string> Outputs { get; } = module.OutputNames;

        public IPreparedRun Prepare(IReadOnlyList<KeyValuePair<string, Value>> inputs) => new FunctionRun(() => Run(inputs));

        private List<Value> Run(IReadOnlyList<KeyValuePair<string, Value>> inputs)
        {
            var byName = inputs.ToDictionary(i => i.Key, i => i.Value.Single);
            List<Tensor> tensors = [.. Inputs.Select(name => ToTensor(byName[name]))];
            var outputs = program is null
                ? new GraphEvaluator(module).Run(tensors) : new ProgramInterpreter(module.Dims).Run(program, tensors);
            return [.. outputs.Select(FromTensor)];
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
