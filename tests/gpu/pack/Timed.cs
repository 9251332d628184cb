using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Peers.Suite;

namespace Dlc.Gpu.Pack;

/// <summary>What is timed: single kernels near the limits of the machine, and models at varying sizes.</summary>
internal static class Timed
{
    public static void AddTo(Bundle bundle)
    {
        foreach (var type in new[] { ElementType.Float32, ElementType.Float16, ElementType.BFloat16 })
        {
            Product(bundle, type);
        }

        Elementwise(bundle);
        Softmax(bundle);
        foreach (string name in new[] { "bert-base", "gpt2", "llama-small", "resnet50" })
        {
            var model = ModelSuite.ByName(name);
            if (model.Missing is null)
            {
                bundle.AddTimed(name, DlcCompiler.Build(model.Path, bundle.Options), [.. model.Cases.Select(c => (c.Sizes.ToDictionary(), 0.0, 0.0))]);
            }
        }
    }

    private static void Product(Bundle bundle, ElementType type)
    {
        var (module, graph, dims) = Begin("product", "m", "n", "k");
        var a = graph.Input(new TensorType(type, new Shape([dims[0], dims[2]])), "a");
        var b = graph.Input(new TensorType(type, new Shape([dims[2], dims[1]])), "b");
        Finish(module, graph, graph.Add(new Cast(type), [graph.Add(new MatMul(ElementType.Float32), [a, b])]));
        bundle.AddTimed($"matmul-{type.ShortName()}", DlcCompiler.Build(module, bundle.Options),
            [.. new long[] { 512, 1024, 4096 }.Select(n => (new Dictionary<string, long> { ["m"] = n, ["n"] = n, ["k"] = n }, 2.0 * n * n * n, 0.0))]);
    }

    private static void Elementwise(Bundle bundle)
    {
        var (module, graph, dims) = Begin("elementwise", "n");
        var x = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[0]])), "x");
        var y = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[0]])), "y");
        var sum = graph.Add(new Add(), [x, y]);
        Finish(module, graph, graph.Add(new Mul(), [graph.Add(new Tanh(), [sum]), sum]));
        bundle.AddTimed("add-tanh-mul", DlcCompiler.Build(module, bundle.Options),
            [.. new long[] { 1 << 20, 1 << 24, 1 << 27 }.Select(n => (new Dictionary<string, long> { ["n"] = n }, 0.0, 12.0 * n))]);
    }

    private static void Softmax(Bundle bundle)
    {
        var (module, graph, dims) = Begin("softmax", "rows", "width");
        var x = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[0], dims[1]])), "x");
        var max = graph.Add(new Reduce(ReduceKind.Max, [1]), [x]);
        var e = graph.Add(new Exp(), [graph.Add(new Sub(), [x, max])]);
        Finish(module, graph, graph.Add(new Div(), [e, graph.Add(new Reduce(ReduceKind.Sum, [1]), [e])]));
        bundle.AddTimed("softmax", DlcCompiler.Build(module, bundle.Options),
            [.. new long[] { 128, 1000, 4096 }.Select(w => (new Dictionary<string, long> { ["rows"] = (1 << 26) / w, ["width"] = w }, 0.0, 8.0 * (1 << 26)))]);
    }

    private static (Module Module, GraphBuilder Graph, Dim[] Dims) Begin(string name, params string[] dims)
    {
        var module = new Module(name);
        return (module, new GraphBuilder(module), [.. dims.Select(d => module.Facts.NewDim(d))]);
    }

    private static void Finish(Module module, GraphBuilder graph, Value output)
    {
        module.Main = graph.Build([output]);
        module.OutputNames = ["y"];
    }
}
