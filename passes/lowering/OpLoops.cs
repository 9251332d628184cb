using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>An op that writes its own kernels, at work in a program.</summary>
internal sealed class OpLoops(ProgramBuilder program, Node node) : LoopContext
{
    private readonly List<LoweredBuffer> _temporaries = [];
    private readonly Dictionary<KernelBuilder, List<LoweredBuffer>> _arguments = [];

    public override DimContext Dims => program.Dims;

    public override Facts Facts => program.Facts;

    public override MachineModel Machine => program.Machine;

    public override IndexMath Math => program.Math;

    public override int InputCount => node.Inputs.Length;

    public override int OutputCount => node.Outputs.Length;

    public override TensorType InputType(int input) => node.Inputs[input].Type;

    public override TensorType OutputType(int output) => node.Outputs[output].Type;

    public override KernelBuilder NewKernel(string name)
    {
        var kernel = new KernelBuilder(name, Dims);
        _arguments.Add(kernel, []);
        return kernel;
    }

    public override KernelBuffer Input(KernelBuilder kernel, int input) => Parameter(kernel, program[node.Inputs[input]], "in", false);

    public override KernelBuffer Output(KernelBuilder kernel, int output) => Parameter(kernel, program.Output(node.Outputs[output]), "out", true);

    public override int Temporary(ElementType element, Shape shape)
    {
        _temporaries.Add(program.New(new TensorType(element, shape), BufferStorage.Arena, null));
        return _temporaries.Count - 1;
    }

    public override KernelBuffer Use(KernelBuilder kernel, int temporary, bool isWritten) =>
        Parameter(kernel, _temporaries[temporary], "tmp", isWritten);

    public override void Launch(KernelBuilder kernel, Dim workPerItem) =>
        program.Launch(kernel, _arguments[kernel], workPerItem, node.Origins);

    private KernelBuffer Parameter(KernelBuilder kernel, LoweredBuffer buffer, string name, bool isWritten)
    {
        _arguments[kernel].Add(buffer);
        return kernel.Parameter(name, buffer.Type.Element, isWritten, buffer.Storage == BufferStorage.Constant);
    }
}
