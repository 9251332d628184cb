using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes;
using Xunit;

namespace Dlc.Tests.Unit.Simplification;

/// <summary>A small graph under construction, a pass to run on it, and the reference evaluation of both sides.</summary>
public abstract class PassTestBase
{
    protected PassTestBase()
    {
        Module = new Module("test");
        Graph = new GraphBuilder(Module);
    }

    protected Module Module { get; }

    protected GraphBuilder Graph { get; }

    protected static PassContext Context => new(new MachineModel
    {
        Name = "test", VectorBytes = 32, VectorRegisters = 16, TileRows = 6, TileColumns = 16, RowTileColumns = 64, L1Bytes = 1 << 15,
        L2Bytes = 1 << 18,
    });

    protected Dim Dim(string name) => Module.Facts.NewDim(name);

    protected Shape Shape(params object[] dims) =>
        new([.. dims.Select(d => d is string name ? Dim(name) : Module.Dims.Const(Convert.ToInt64(d)))]);

    protected Value Input(params object[] dims) => Graph.Input(new TensorType(ElementType.Float32, Shape(dims)), "x");

    protected Value Constant(float[] values, params long[] dims) =>
        Graph.Add(new Constant(Tensor.FromSpan<float>(ElementType.Float32, values, dims)), []);

    protected Value Scalar(float value) => Constant([value]);

    /// <summary>Runs the pass and checks that the result computes the same at a few sizes.</summary>
    protected Graph Run(Pass pass, params Value[] outputs) => RunOn(pass, Graph.Build(outputs));

    /// <summary>The same of a graph that is built.</summary>
    protected Graph RunOn(Pass pass, Graph before)
    {
        Module.Main = before;
        var after = new PassManager(Context).Run(pass, before);
        foreach (var size in new[] { 0L, 1, 3 })
        {
            var (expected, actual) = (Evaluate(before, size), Evaluate(after, size));
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.Equal(expected[i].Dims, actual[i].Dims);
                for (var n = 0L; n < expected[i].Count; n++)
                {
                    var (e, a) = (expected[i].GetDouble(n), actual[i].GetDouble(n));
                    Assert.True(e == a || Math.Abs(e - a) <= 1e-5 * Math.Max(1, Math.Abs(e)), $"output {i}, element {n}: {e} became {a}");
                }
            }
        }

        return after;
    }

    /// <summary>The ops of a graph but for constants.</summary>
    protected static string[] Ops(Graph graph) => [.. graph.Nodes.Where(n => n.Op is not IR.Ops.Constant).Select(n => n.Op.Name)];

    private Tensor[] Evaluate(Graph graph, long size)
    {
        var dims = new DimEvaluator(Module.Dims);
        foreach (var symbol in Module.Dims.Symbols)
        {
            dims.Bind(symbol, size);
        }

        var values = new Dictionary<Value, Tensor>();
        foreach (var input in graph.Inputs)
        {
            var tensor = new Tensor(input.Type.Element, [.. input.Type.Shape.Dims.Select(dims.Evaluate)]);
            for (var i = 0L; i < tensor.Count; i++)
            {
                tensor.SetDouble(i, ((i * 7) % 11) + 0.25);
            }

            values.Add(input, tensor);
        }

        foreach (var node in graph.Nodes)
        {
            var context = new EvaluateContext([.. node.Inputs.Select(i => values[i])], dims.Evaluate, [.. node.Outputs.Select(o => o.Type)]);
            node.Op.Evaluate(context);
            for (var i = 0; i < node.Outputs.Length; i++)
            {
                values.Add(node.Outputs[i], context.Outputs[i]!);
            }
        }

        return [.. graph.Outputs.Select(o => values[o])];
    }
}
