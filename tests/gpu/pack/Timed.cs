using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes.Training;
using Dlc.Peers.Suite;
using ModelBuilder;
using GraphBuilder = Dlc.IR.GraphBuilder;

namespace Dlc.Gpu.Pack;

/// <summary>What is timed: single kernels near the limits of the machine, and models at varying sizes.</summary>
internal static class Timed
{
    private const int Seed = 5;
    private const int Shapes = 24;
    private const int Rounds = 6;
    private const long Ids = 30000;

    public static void AddTo(Bundle bundle)
    {
        foreach (var type in new[] { ElementType.Float32, ElementType.Float16, ElementType.BFloat16 })
        {
            Product(bundle, type);
        }

        Elementwise(bundle);
        Chain(bundle);
        Softmax(bundle);
        LayerNorm(bundle);
        Columns(bundle);
        Attention(bundle, ElementType.Float16, isCausal: false);
        Attention(bundle, ElementType.Float32, isCausal: false);
        Attention(bundle, ElementType.Float16, isCausal: true);
        foreach (string name in new[] { "bert-base", "gpt2", "llama-small", "resnet50" })
        {
            var model = ModelSuite.ByName(name);
            if (model.Missing is null)
            {
                var cases = new List<(string, SpeedCase)> { ("speed", new SpeedCase([.. model.Cases.Select(c => (c.Sizes.ToDictionary(), 0.0, 0.0))]) { Ids = Ids }) };
                if (Peer(name) is { Length: > 0 } peer)
                {
                    cases.Add(("varied", VariedShapes(peer)));
                }

                bundle.AddTimed(name, DlcCompiler.Build(model.Path, bundle.Options), [.. cases]);
            }
        }

        Steps(bundle);
    }

    /// <summary>Batches and lengths as requests bring them: short ones often, long ones now and then.</summary>
    private static SpeedCase VariedShapes(string peer)
    {
        var random = new Random(Seed);
        var runs = Enumerable.Range(0, Shapes).Select(_ => (
            new Dictionary<string, long> { ["batch"] = random.Next(1, 9), ["sequence"] = (long)(8 * Math.Pow(48, random.NextDouble())) }, 0.0, 0.0));
        return new SpeedCase([.. runs]) { Rounds = Rounds, Ids = Ids, Peer = peer };
    }

    /// <summary>The same model for PyTorch.</summary>
    private static string Peer(string name)
    {
        var (bert, llama) = (BertConfig.Base, LlamaConfig.Small);
        return name switch
        {
            "bert-base" => $$"""{"kind":"bert","layers":{{bert.Layers}},"width":{{bert.Width}},"heads":{{bert.Heads}},"inner":{{bert.Inner}},"vocabulary":{{bert.Vocabulary}},"positions":{{bert.Positions}}}""",
            "llama-small" => $$"""{"kind":"llama","layers":{{llama.Layers}},"width":{{llama.Width}},"heads":{{llama.Heads}},"key_heads":{{llama.KeyHeads}},"inner":{{llama.Inner}},"vocabulary":{{llama.Vocabulary}}}""",
            _ => "",
        };
    }

    private static void Steps(Bundle bundle)
    {
        var training = new TrainingOptions { Loss = "cross-entropy(logits,labels)", Optimizer = new AdamW { LearningRate = 1e-4 } };
        void Add(string name, LlamaConfig config, SpeedCase own)
        {
            string folder = Directory.CreateTempSubdirectory("gpu-pack-").FullName;
            try
            {
                string path = Path.Combine(folder, $"{name}.onnx");
                OnnxFile.Write(Models.Llama(config with { IsDeclaredOnly = true }), path);
                bundle.AddTimed(name, DlcCompiler.BuildTraining(path, training, bundle.Options), ("step", own with { Ids = config.Vocabulary }));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        (Dictionary<string, long>, double, double) Run(long batch, long sequence) => (new() { ["batch"] = batch, ["sequence"] = sequence }, 0, 0);

        Add("llama-train-25m", LlamaConfig.Trained, new SpeedCase([Run(16, 512)]) { Shares = [0.6, 0.45] });

        // The longest batch that 3000 characters of code can give, at 3.5 characters a token.
        Add("llama-2-1b-train", LlamaConfig.Llama2Of1B, new SpeedCase([Run(14, 858)]) { MemoryLimit = 40e9, Shares = [0.6, 0.45] });
    }

    private static void Product(Bundle bundle, ElementType type)
    {
        var (module, graph, dims) = Begin("product", "m", "n", "k");
        var a = graph.Input(new TensorType(type, new Shape([dims[0], dims[2]])), "a");
        var b = graph.Input(new TensorType(type, new Shape([dims[2], dims[1]])), "b");
        Finish(module, graph, graph.Add(new Cast(type), [graph.Add(new MatMul(ElementType.Float32), [a, b])]));
        bundle.AddTimed($"matmul-{type.ShortName()}", DlcCompiler.Build(module, bundle.Options),
            ("speed", new SpeedCase([.. new long[] { 512, 1024, 4096 }.Select(n => (new Dictionary<string, long> { ["m"] = n, ["n"] = n, ["k"] = n }, 2.0 * n * n * n, 0.0))])));
    }

    private static void Elementwise(Bundle bundle)
    {
        var (module, graph, dims) = Begin("elementwise", "n");
        var x = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[0]])), "x");
        var y = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[0]])), "y");
        var sum = graph.Add(new Add(), [x, y]);
        Finish(module, graph, graph.Add(new Mul(), [graph.Add(new Tanh(), [sum]), sum]));
        bundle.AddTimed("add-tanh-mul", DlcCompiler.Build(module, bundle.Options),
            ("speed", new SpeedCase([.. new long[] { 1 << 20, 1 << 24, 1 << 27 }.Select(n => (new Dictionary<string, long> { ["n"] = n }, 0.0, 12.0 * n))])));
    }

    private static void Chain(Bundle bundle)
    {
        var (module, graph, dims) = Begin("chain", "n");
        var x = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[0]])), "x");
        var y = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[0]])), "y");
        var z = x;
        for (int i = 0; i < 4; i++)
        {
            z = graph.Add(new Max(), [graph.Add(new Add(), [graph.Add(new Mul(), [z, y]), x]), graph.Add(new Sub(), [z, y])]);
        }

        Finish(module, graph, z);
        bundle.AddTimed("chain-of-16", DlcCompiler.Build(module, bundle.Options),
            ("speed", new SpeedCase([.. new long[] { 1 << 24, 1 << 27 }.Select(n => (new Dictionary<string, long> { ["n"] = n }, 0.0, 12.0 * n))])));
    }

    private static void LayerNorm(Bundle bundle)
    {
        var (module, graph, dims) = Begin("layer-norm", "rows", "width");
        var x = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[0], dims[1]])), "x");
        var count = graph.Add(new Cast(ElementType.Float32), [graph.Add(new DimTensor(ElementType.Int64, [], [dims[1]]), [])]);
        Value Mean(Value of) => graph.Add(new Div(), [graph.Add(new Reduce(ReduceKind.Sum, [1]), [of]), count]);
        var mean = Mean(x);
        var centred = graph.Add(new Sub(), [x, mean]);
        var variance = Mean(graph.Add(new Mul(), [centred, centred]));
        var scale = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[1]])), "scale");
        var bias = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[1]])), "bias");
        var normal = graph.Add(new Div(), [centred, graph.Add(new Sqrt(), [variance])]);
        Finish(module, graph, graph.Add(new Add(), [graph.Add(new Mul(), [normal, scale]), bias]));
        bundle.AddTimed("layer-norm", DlcCompiler.Build(module, bundle.Options),
            ("speed", new SpeedCase([.. new long[] { 768, 1000, 4096 }.Select(w => (
                new Dictionary<string, long> { ["rows"] = (1 << 26) / w, ["width"] = w }, 0.0, 8.0 * ((1 << 26) / w * w)))])));
    }

    private static void Softmax(Bundle bundle)
    {
        var (module, graph, dims) = Begin("softmax", "rows", "width");
        var x = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[0], dims[1]])), "x");
        var max = graph.Add(new Reduce(ReduceKind.Max, [1]), [x]);
        var e = graph.Add(new Exp(), [graph.Add(new Sub(), [x, max])]);
        Finish(module, graph, graph.Add(new Div(), [e, graph.Add(new Reduce(ReduceKind.Sum, [1]), [e])]));
        bundle.AddTimed("softmax", DlcCompiler.Build(module, bundle.Options),
            ("speed", new SpeedCase([.. new long[] { 128, 1000, 4096 }.Select(w => (
                new Dictionary<string, long> { ["rows"] = (1 << 26) / w, ["width"] = w }, 0.0, 8.0 * ((1 << 26) / w * w)))])));
    }

    /// <summary>Sums over the outer axis, as gradients of biases are.</summary>
    private static void Columns(Bundle bundle)
    {
        var (module, graph, dims) = Begin("columns", "rows", "width");
        var x = graph.Input(new TensorType(ElementType.Float32, new Shape([dims[0], dims[1]])), "x");
        Finish(module, graph, graph.Add(new Reduce(ReduceKind.Sum, [0]), [x]));
        bundle.AddTimed("column-sum", DlcCompiler.Build(module, bundle.Options),
            ("speed", new SpeedCase([.. new long[] { 64, 1000, 4096 }.Select(w => (
                new Dictionary<string, long> { ["rows"] = (1 << 26) / w, ["width"] = w }, 0.0, 4.0 * (((1 << 26) / w * w) + w)))])));
    }

    /// <summary>Attention over whole prompts, and of one query with what came before.</summary>
    private static void Attention(Bundle bundle, ElementType type, bool isCausal)
    {
        const int heads = 16;
        const int depth = 128;
        string name = $"attention-{(isCausal ? "causal-" : "")}{type.ShortName()}";
        var (module, graph, dims) = Begin(name, "batch", "queries", "keys");
        Value Input(Dim length, string of) => graph.Input(new TensorType(type, new Shape([dims[0], module.Dims.Const(heads), length, module.Dims.Const(depth)])), of);
        Value Number(double value) => graph.Add(new Constant(Tensor.Scalar(ElementType.Float32, (float)value)), []);
        var (q, k, v) = (Input(dims[1], "q"), Input(dims[2], "k"), Input(dims[2], "v"));
        var scores = graph.Add(new MatMul(ElementType.Float32), [q, graph.Add(new Transpose([0, 1, 3, 2]), [k])]);
        scores = graph.Add(new Mul(), [scores, Number(1 / Math.Sqrt(depth))]);
        if (isCausal)
        {
            var columns = graph.Add(new Iota(ElementType.Int64, new Shape([dims[2]]), 0), []);
            var rows = graph.Add(new Iota(ElementType.Int64, new Shape([dims[1], module.Dims.One]), 0), []);
            scores = graph.Add(new Where(), [graph.Add(new LessOrEqual(), [columns, rows]), scores, Number(float.MinValue)]);
        }

        var power = graph.Add(new Exp(), [graph.Add(new Sub(), [scores, graph.Add(new Reduce(ReduceKind.Max, [3]), [scores])])]);
        var weights = graph.Add(new Div(), [power, graph.Add(new Reduce(ReduceKind.Sum, [3]), [power])]);
        Value As(Value value) => type == ElementType.Float32 ? value : graph.Add(new Cast(type), [value]);
        Finish(module, graph, As(graph.Add(new MatMul(ElementType.Float32), [As(weights), v])));
        (long, long, long)[] prompts = [(8, 512, 512), (2, 2048, 2048), (1, 4096, 4096)];
        (long, long, long)[] tokens = [(16, 1, 512), (16, 1, 4096), (4, 1, 16384)];
        var runs = (isCausal ? prompts : [.. prompts, .. tokens]).Select(r =>
        {
            var (batch, queries, keys) = r;
            double products = 4.0 * batch * heads * queries * keys * depth;
            return (new Dictionary<string, long> { ["batch"] = batch, ["queries"] = queries, ["keys"] = keys }, isCausal ? products / 2 : products,
                2.0 * type.Bytes() * batch * heads * depth * (queries + keys));
        });
        string peer = $$"""{"type":"{{type.ShortName().ToUpperInvariant()}}","heads":{{heads}},"depth":{{depth}},"causal":{{(isCausal ? "true" : "false")}}}""";
        bundle.AddTimed(name, DlcCompiler.Build(module, bundle.Options), ("speed", new SpeedCase([.. runs]) { Peer = peer }));
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
