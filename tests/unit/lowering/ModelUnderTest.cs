using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes;
using Dlc.Passes.Fusion;
using Dlc.Ptx;
using Dlc.Tests.Gpu;
using Xunit;

namespace Dlc.Tests.Unit.Lowering;

/// <summary>A graph of f32 tensors under construction, and the check of its lowering against the reference semantics.</summary>
public sealed class ModelUnderTest
{
    private static readonly MachineModel Machine = new()
    {
        Name = "test", VectorBytes = 32, VectorRegisters = 16, TileRows = 6, TileColumns = 16, RowTileColumns = 16, L1Bytes = 32768, L2Bytes = 1 << 20,
    };

    private readonly Module _module = new("test");
    private readonly Random _random = new(1);
    private readonly List<Value> _inputs = [];
    private readonly Dictionary<Value, (double From, double To)> _ranges = [];

    public ModelUnderTest() => Builder = new GraphBuilder(_module);

    public GraphBuilder Builder { get; }

    public DimContext Dims => _module.Dims;

    public Dim Dim(string name) => _module.Facts.NewDim(name, 0, 1 << 20);

    public Value Input(params Dim[] shape)
    {
        var value = Builder.Input(new TensorType(ElementType.Float32, new Shape([.. shape])), $"x{_inputs.Count}");
        _inputs.Add(value);
        return value;
    }

    /// <summary>An input of a type whose elements are drawn from [from, to).</summary>
    public Value Input(ElementType element, double from, double to, params Dim[] shape)
    {
        var value = Builder.Input(new TensorType(element, new Shape([.. shape])), $"x{_inputs.Count}");
        _inputs.Add(value);
        _ranges.Add(value, (from, to));
        return value;
    }

    public Value Constant(params long[] shape) => Builder.Add(new Constant(Random(shape)), []);

    public Value Scalar(float value) => Builder.Add(new Constant(Tensor.Scalar(ElementType.Float32, value)), []);

    public Value Softmax(Value x)
    {
        var axis = x.Type.Rank - 1;
        var max = Builder.Add(new Reduce(ReduceKind.Max, [axis]), [x]);
        var e = Builder.Add(new Exp(), [Builder.Add(new Sub(), [x, max])]);
        return Builder.Add(new Div(), [e, Builder.Add(new Reduce(ReduceKind.Sum, [axis]), [e])]);
    }

    public Value LayerNorm(Value x, int width)
    {
        var axis = x.Type.Rank - 1;
        Value Mean(Value v) => Builder.Add(new Mul(), [Builder.Add(new Reduce(ReduceKind.Sum, [axis]), [v]), Scalar(1f / width)]);
        var centred = Builder.Add(new Sub(), [x, Mean(x)]);
        var variance = Mean(Builder.Add(new Mul(), [centred, centred]));
        var deviation = Builder.Add(new Sqrt(), [Builder.Add(new Add(), [variance, Scalar(1e-5f)])]);
        var scaled = Builder.Add(new Mul(), [Builder.Add(new Div(), [centred, deviation]), Constant(width)]);
        return Builder.Add(new Add(), [scaled, Constant(width)]);
    }

    public void Check(Value[] outputs, int? kernels, params long[][] inputShapes)
    {
        var graph = Builder.Build(outputs);
        var inputs = _inputs.Zip(inputShapes, (input, shape) => _ranges.TryGetValue(input, out var range)
            ? Random(input.Type.Element, range.From, range.To, shape) : Random(shape)).ToArray();
        var expected = Evaluate(graph, inputs);
        var fused = Fused(graph, Machine);
        var program = Passes.Lowering.Lowering.Run(fused, Machine);
        if (kernels is not null)
        {
            Assert.Equal(kernels, program.Steps.OfType<LaunchStep>().Count());
        }

        Compare(expected, new ProgramInterpreter(Dims).Run(program, inputs));
        if (OnGpu is { } gpu)
        {
            var own = Passes.Lowering.Lowering.Run(Fused(graph, gpu.Machine), gpu.Machine);
            Compare(expected, new ProgramInterpreter(Dims).Run(own, inputs));
            using var device = new PtxProgram(Dims, !WideIndices, gpu, TakesAlternatives);
            var actual = device.Run(own, inputs);
            Compare(expected, actual);
            Statistics = device.Statistics;
            if (GpuLaunches is { } launches)
            {
                Assert.Equal(launches, Statistics.Count);
            }
        }
    }

    /// <summary>A GPU for which the graph is lowered too, its kernels run in the PTX interpreter; null for none.</summary>
    public PtxTarget? OnGpu { get; init; }

    /// <summary>Whether kernels take 64-bit indices there.</summary>
    public bool WideIndices { get; init; }

    /// <summary>Whether kernels for some sizes run there instead of the one for all.</summary>
    public bool TakesAlternatives { get; init; } = true;

    /// <summary>How many launches have work there; null for any number.</summary>
    public int? GpuLaunches { get; init; }

    /// <summary>What the launches there did.</summary>
    public IReadOnlyList<LaunchStatistics> Statistics { get; private set; } = [];

    private static void Compare(IReadOnlyList<Tensor> expected, IReadOnlyList<Tensor> actual)
    {
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Dims, actual[i].Dims);
            for (var e = 0L; e < expected[i].Count; e++)
            {
                var tolerance = expected[i].Element is ElementType.Float16 or ElementType.BFloat16 ? 1e-2 : 1e-3;
                Assert.Equal(expected[i].GetDouble(e), actual[i].GetDouble(e), tolerance * (1 + Math.Abs(expected[i].GetDouble(e))));
            }
        }
    }

    private static Graph Fused(Graph graph, MachineModel machine)
    {
        var context = new PassContext(machine);
        return new FuseLoops().Run(new FuseReductions().Run(new FuseEpilogues().Run(graph, context), context), context);
    }

    private Tensor[] Evaluate(Graph graph, Tensor[] inputs)
    {
        var values = new Dictionary<Value, Tensor>();
        var dims = new DimEvaluator(Dims);
        for (var i = 0; i < inputs.Length; i++)
        {
            values[graph.Inputs[i]] = inputs[i];
            for (var axis = 0; axis < inputs[i].Rank; axis++)
            {
                if (graph.Inputs[i].Type.Shape[axis] is { IsSymbol: true } symbol && !dims.IsBound(symbol))
                {
                    dims.Bind(symbol, inputs[i].Dims[axis]);
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

    private Tensor Random(long[] shape) => Random(ElementType.Float32, -1, 1, shape);

    private Tensor Random(ElementType element, double from, double to, long[] shape)
    {
        var tensor = new Tensor(element, shape);
        for (var i = 0L; i < tensor.Count; i++)
        {
            var number = from + (_random.NextDouble() * (to - from));
            if (element.IsFloat())
            {
                tensor.SetDouble(i, number);
            }
            else
            {
                tensor.SetLong(i, (long)Math.Floor(number));
            }
        }

        return tensor;
    }
}
