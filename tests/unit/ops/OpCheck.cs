using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes;
using Dlc.Passes.Fusion;
using Dlc.Tests.Gpu;
using Xunit;

namespace Dlc.Tests.Unit.Ops;

/// <summary>Lowers one operator, runs its kernels in the interpreter and compares with the operator's reference semantics.</summary>
internal sealed class OpCheck
{
    private static readonly MachineModel Machine = new()
    {
        Name = "test", VectorBytes = 32, VectorRegisters = 16, TileRows = 6, TileColumns = 16, RowTileColumns = 16, L1Bytes = 32768, L2Bytes = 1 << 20,
    };

    private readonly Module _module = new("test");
    private readonly List<(Value Value, Tensor Tensor)> _inputs = [];

    public OpCheck() => Builder = new GraphBuilder(_module);

    public GraphBuilder Builder { get; }

    public DimContext Dims => _module.Dims;

    /// <summary>Random f32 numbers between -1 and 1.</summary>
    public static Tensor Random(params long[] shape)
    {
        var random = new Random((int)RowMajor.Count(shape) + shape.Length);
        var tensor = new Tensor(ElementType.Float32, shape);
        for (var i = 0L; i < tensor.Count; i++)
        {
            tensor.SetDouble(i, (random.NextDouble() * 2) - 1);
        }

        return tensor;
    }

    /// <summary>Random integers in [from, to) of an element type.</summary>
    public static Tensor Integers(ElementType element, long from, long to, params long[] shape)
    {
        var random = new Random((int)RowMajor.Count(shape) + (int)to);
        var tensor = new Tensor(element, shape);
        for (var i = 0L; i < tensor.Count; i++)
        {
            tensor.SetDouble(i, random.NextInt64(from, to));
        }

        return tensor;
    }

    public Dim Dim(string name) => long.TryParse(name, out var number) ? Dims.Const(number)
        : Dims.HasSymbol(name) ? Dims.Symbol(name) : _module.Facts.NewDim(name, 0, 1 << 20);

    /// <summary>An input whose dims are the symbols and numbers of <paramref name="shape"/>, as <c>"n 3 h w"</c>.</summary>
    public Value Input(string shape, Tensor tensor)
    {
        var dims = shape.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Dim).ToArray();
        var value = Builder.Input(new TensorType(tensor.Element, new Shape([.. dims])), $"x{_inputs.Count}");
        _inputs.Add((value, tensor));
        return value;
    }

    /// <summary>Checks the kernels of an operator and gives its reference outputs.</summary>
    public Tensor[] Check(Op op, params Value[] inputs) => Check(op, 1e-4, inputs);

    public Tensor[] Check(Op op, double tolerance, params Value[] inputs)
    {
        var graph = Builder.Build(Builder.AddNode(op, inputs).Outputs.AsSpan());
        var expected = Evaluate(graph);
        Compare(expected, Interpret(Lower(graph, Machine)), tolerance, "in the interpreter");
        foreach (var isNarrow in IndexWidths)
        {
            var onGpu = Lower(graph, PtxTarget.Sm80.Machine);
            Compare(expected, Interpret(onGpu), tolerance, "with the schedules of a GPU");
            using var device = new PtxProgram(Dims, isNarrow);
            Compare(expected, device.Run(onGpu, [.. _inputs.Select(i => i.Tensor)]), tolerance, "as PTX");
        }

        return expected;
    }

    /// <summary>For which indices the kernels run as PTX: 32 bits (true), 64 bits.</summary>
    public bool[] IndexWidths { get; init; } = [true];

    private static void Compare(Tensor[] expected, IReadOnlyList<Tensor> actual, double tolerance, string where)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i].Dims, actual[i].Dims);
            for (var e = 0L; e < expected[i].Count; e++)
            {
                var (want, got) = (expected[i].GetDouble(e), actual[i].GetDouble(e));
                Assert.True(want.Equals(got) || Math.Abs(want - got) <= tolerance * (1 + Math.Abs(want)),
                    $"output {i}, element {e} {where}: {got} should be {want}");
            }
        }
    }

    /// <summary>The kernels of an operator.</summary>
    public LoweredProgram Lower(Op op, params Value[] inputs) => Lower(Builder.Build(Builder.AddNode(op, inputs).Outputs.AsSpan()), Machine);

    /// <summary>Runs the kernels of an operator for a GPU as PTX.</summary>
    public IReadOnlyList<Tensor> RunAsPtx(Op op, params Value[] inputs)
    {
        using var device = new PtxProgram(Dims);
        var program = Lower(Builder.Build(Builder.AddNode(op, inputs).Outputs.AsSpan()), PtxTarget.Sm80.Machine);
        return device.Run(program, [.. _inputs.Select(i => i.Tensor)]);
    }

    /// <summary>Runs kernels on the inputs.</summary>
    public IReadOnlyList<Tensor> Interpret(LoweredProgram program) =>
        new ProgramInterpreter(Dims).Run(program, [.. _inputs.Select(i => i.Tensor)]);

    private static LoweredProgram Lower(Graph graph, MachineModel machine)
    {
        var context = new PassContext(machine);
        var fused = new FuseLoops().Run(new FuseReductions().Run(new FuseEpilogues().Run(graph, context), context), context);
        return Passes.Lowering.Lowering.Run(fused, machine);
    }

    private Tensor[] Evaluate(Graph graph)
    {
        var values = new Dictionary<Value, Tensor>();
        var dims = new DimEvaluator(Dims);
        foreach (var (value, tensor) in _inputs)
        {
            values[value] = tensor;
            for (var axis = 0; axis < tensor.Rank; axis++)
            {
                if (value.Type.Shape[axis] is { IsSymbol: true } symbol && !dims.IsBound(symbol))
                {
                    dims.Bind(symbol, tensor.Dims[axis]);
                }
            }
        }

        foreach (var node in graph.Nodes)
        {
            var context = new EvaluateContext([.. node.Inputs.Select(v => values[v])], dims.Evaluate, [.. node.Outputs.Select(o => o.Type)]);
            node.Op.Evaluate(context);
            for (var i = 0; i < node.Outputs.Length; i++)
            {
                values[node.Outputs[i]] = context.Outputs[i]!;
            }
        }

        return [.. graph.Outputs.Select(o => values[o])];
    }
}
