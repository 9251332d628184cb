using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes;
using Dlc.Passes.Fusion;
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
        var inputs = inputShapes.Select(Random).ToArray();
        var expected = Evaluate(graph, inputs);
        var context = new PassContext(Machine);
        var fused = new FuseLoops().Run(new FuseReductions().Run(new FuseEpilogues().Run(graph, context), context), context);
        var program = Passes.Lowering.Lowering.Run(fused, Machine);
        if (kernels is not null)
        {
            Assert.Equal(kernels, program.Steps.OfType<LaunchStep>().Count());
        }

        Compare(expected, new ProgramInterpreter(Dims).Run(program, inputs));
        if (OnGpu is { } gpu)
        {
            var own = Passes.Lowering.Lowering.Run(fused, gpu.Machine);
            Compare(expected, new ProgramInterpreter(Dims).Run(own, inputs));
            using var device = new PtxProgram(Dims, !WideIndices, gpu);
            Compare(expected, device.Run(own, inputs));
        }
    }

    /// <summary>A GPU for which the graph is lowered too, its kernels run in the PTX interpreter; null for none.</summary>
    public PtxTarget? OnGpu { get; init; }

    /// <summary>Whether kernels take 64-bit indices there.</summary>
    public bool WideIndices { get; init; }

    private static void Compare(IReadOnlyList<Tensor> expected, IReadOnlyList<Tensor> actual)
    {
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Dims, actual[i].Dims);
            for (var e = 0L; e < expected[i].Count; e++)
            {
                Assert.Equal(expected[i].GetDouble(e), actual[i].GetDouble(e), 1e-3 * (1 + Math.Abs(expected[i].GetDouble(e))));
            }
        }
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

    private Tensor Random(long[] shape)
    {
        var tensor = new Tensor(ElementType.Float32, shape);
        for (var i = 0L; i < tensor.Count; i++)
        {
            tensor.SetDouble(i, (_random.NextDouble() * 2) - 1);
        }

        return tensor;
    }
}
