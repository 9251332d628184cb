using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes;
using Dlc.Passes.Fusion;
using Xunit;

namespace Dlc.Tests.Gpu;

/// <summary>
/// Attention as models write it: queries <c>[B, H, M, D]</c>, keys and values <c>[B, G, N, D]</c> and <c>[B, G, N, E]</c> of groups of heads, scores that are
/// scaled and masked, a softmax, and the heads side by side at the end.
/// </summary>
public sealed record AttentionCase(ElementType Type, long Queries, long Keys, long Depth, long Columns)
{
    /// <summary>What keeps queries from keys.</summary>
    public enum MaskKind
    {
        None,
        Padding,
        Causal,
        CausalInfinite,
        Sparse,
        Nothing,
        Bias,
        Softcap,
    }

    public long Batch { get; init; } = 2;

    public long Heads { get; init; } = 2;

    /// <summary>Heads of keys; fewer than those of queries share theirs.</summary>
    public long KeyHeads { get; init; } = 2;

    public MaskKind Mask { get; init; }

    /// <summary>Rows that see no key give 0.</summary>
    public bool EmptyIsZero { get; init; }

    /// <summary>Heads are an axis in front of the sequence only after a transpose; keys lie with their depth outermost.</summary>
    public bool HasViews { get; init; }

    /// <summary>Numbers of groups and of heads in a group are axes of their own.</summary>
    public bool HasGroupAxis { get; init; }

    /// <summary>The products see batch and heads as one axis, masks see two.</summary>
    public bool HasFlatHeads { get; init; }

    /// <summary>What else is an output: scores before and after they are masked, or their softmax.</summary>
    public string Shows { get; init; } = string.Empty;

    public int Seed { get; init; } = 1;

    /// <summary>Multiplies queries, to see what large scores do.</summary>
    public double Scale { get; init; } = 1;

    private Module Module { get; } = new("attention");

    /// <summary>The dims that the compiler knows nothing about, in the order of the numbers they stand for: batch, queries, keys.</summary>
    private Dim[]? _dims;

    public (Graph Graph, Tensor[] Inputs, Module Module) Build()
    {
        var builder = new GraphBuilder(Module);
        var random = new Random(Seed);
        _dims ??= [Module.Facts.NewDim("b", 0, 1 << 20), Module.Facts.NewDim("m", 0, 1 << 20), Module.Facts.NewDim("n", 0, 1 << 20)];
        var (b, m, n) = (_dims[0], _dims[1], _dims[2]);
        Dim Const(long value) => Module.Dims.Const(value);
        var (h, g, d, e) = (Const(Heads), Const(KeyHeads), Const(Depth), Const(Columns));
        List<Tensor> inputs = [];
        Value Input(ElementType type, Shape shape, Func<int, double> element)
        {
            var value = builder.Input(new TensorType(type, shape), $"x{inputs.Count}");
            var tensor = new Tensor(type, [.. shape.Dims.Select(x => ReferenceEquals(x, b) ? Batch : ReferenceEquals(x, m) ? Queries : ReferenceEquals(x, n) ? Keys : x.Constant)]);
            for (var i = 0; i < tensor.Count; i++)
            {
                tensor.SetDouble(i, element(i));
            }

            inputs.Add(tensor);
            return value;
        }

        double Any(int _) => (random.NextDouble() * 2) - 1;
        Value Add(Op op, params Value[] operands) => builder.Add(op, operands);
        Value Number(double value) => Add(new Constant(Tensor.Scalar(ElementType.Float32, (float)value)));
        Value q, k, v;
        if (HasViews)
        {
            q = Add(new Transpose([0, 2, 1, 3]), Input(Type, [b, m, h, d], i => Scale * Any(i)));
            k = Input(Type, [b, g, d, n], Any);
            v = Add(new Transpose([0, 2, 1, 3]), Input(Type, [b, n, g, e], Any));
        }
        else
        {
            q = Input(Type, [b, h, m, d], i => Scale * Any(i));
            k = Add(new Transpose([0, 1, 3, 2]), Input(Type, [b, g, n, d], Any));
            v = Input(Type, [b, g, n, e], Any);
        }

        var leading = new Shape([b, h]);
        if (HasGroupAxis)
        {
            leading = [b, g, Const(Heads / KeyHeads)];
            q = Add(new Reshape(new Shape([.. leading.Dims, m, d])), q);
            k = Add(new Reshape([b, g, Const(1), d, n]), k);
            v = Add(new Reshape([b, g, Const(1), n, e]), v);
        }
        else if (Heads != KeyHeads)
        {
            var repeats = Const(Heads / KeyHeads);
            Value Repeated(Value x, Dim rows, Dim columns)
            {
                var copies = Add(new Broadcast([b, g, repeats, rows, columns]), Add(new Reshape([b, g, Const(1), rows, columns]), x));
                return Add(new Reshape([b, h, rows, columns]), copies);
            }

            (k, v) = (Repeated(k, d, n), Repeated(v, n, e));
        }

        if (HasFlatHeads)
        {
            q = Add(new Reshape([b * h, m, d]), q);
            k = Add(new Reshape([b * h, d, n]), k);
            v = Add(new Reshape([b * h, n, e]), v);
        }

        var scores = Add(new MatMul(ElementType.Float32), q, k);
        var product = scores;
        if (HasFlatHeads)
        {
            scores = Add(new Reshape([b, h, m, n]), scores);
        }

        scores = Add(new Mul(), scores, Number(1 / Math.Sqrt(Depth)));
        switch (Mask)
        {
            case MaskKind.Padding:
                scores = Add(new Add(), scores, Add(new Mul(), Input(ElementType.Float32, [b, .. leading.Dims[1..].Select(_ => Const(1)), Const(1), n], _ => random.Next(2)), Number(-10000)));
                break;
            case MaskKind.Causal or MaskKind.CausalInfinite:
                var allowed = Add(new LessOrEqual(), Add(new Iota(ElementType.Int64, [n], 0)), Add(new Iota(ElementType.Int64, [m, Const(1)], 0)));
                scores = Add(new Where(), allowed, scores, Number(Mask == MaskKind.Causal ? float.MinValue : double.NegativeInfinity));
                break;
            case MaskKind.Sparse:
                scores = Add(new Add(), scores, Input(ElementType.Float32, [m, n], _ => random.Next(3) == 0 ? 0 : double.NegativeInfinity));
                break;
            case MaskKind.Nothing:
                // The second query sees nothing.
                scores = Add(new Add(), scores, Input(ElementType.Float32, [m, n], i => i < Keys ? 0 : double.NegativeInfinity));
                break;
            case MaskKind.Bias:
                scores = Add(new Add(), scores, Input(ElementType.Float32, new Shape([.. leading.Dims, m, n]), Any));
                break;
            case MaskKind.Softcap:
                scores = Add(new Mul(), Add(new Tanh(), scores), Number(5));
                break;
        }

        var axis = scores.Type.Rank - 1;
        var shift = Add(new Reduce(ReduceKind.Max, [axis]), scores);
        if (EmptyIsZero)
        {
            shift = Add(new Where(), Add(new IsInf(Negative: true, Positive: false), shift), Number(0), shift);
        }

        var power = Add(new Exp(), Add(new Sub(), scores, shift));
        var sum = Add(new Reduce(ReduceKind.Sum, [axis]), power);
        if (EmptyIsZero)
        {
            sum = Add(new Where(), Add(new Equal(), sum, Number(0)), Number(1), sum);
        }

        var weights = Add(new Div(), power, sum);
        Value As(Value value) => value.Type.Element == Type ? value : Add(new Cast(Type), value);
        var flat = HasFlatHeads ? Add(new Reshape([b * h, m, n]), weights) : weights;
        var y = As(Add(new MatMul(ElementType.Float32), As(flat), v));
        y = HasFlatHeads ? Add(new Reshape([b, h, m, e]), y) : HasGroupAxis ? Add(new Reshape([b, h, m, e]), y) : Add(new Transpose([0, 2, 1, 3]), y);
        Value[] outputs = Shows switch { "product" => [y, product], "scores" => [y, scores], "weights" => [y, weights], _ => [y] };
        return (builder.Build(outputs), [.. inputs], Module);
    }

    /// <summary>The graph as the target's fusion leaves it.</summary>
    public static Graph Fused(Graph graph, MachineModel machine)
    {
        var manager = new PassManager(new PassContext(machine));
        return new Pass[] { new FuseAttention(), new FuseEpilogues(), new FuseReductions(), new FuseLoops() }
            .Aggregate(graph, (current, pass) => manager.Run(pass, current));
    }

    /// <summary>
    /// The graph's only kernel that is attention computes what the operators say, in the interpreter of kernels and as PTX, with the kernel that these sizes
    /// choose or the one for all; null for both.
    /// </summary>
    public void Check(PtxTarget target, bool narrow = true, bool? alternatives = true)
    {
        var (graph, inputs, module) = Build();
        module.Main = graph;
        var expected = new GraphEvaluator(module).Run(inputs)[0];
        var program = Passes.Lowering.Lowering.Run(Fused(graph, target.Machine), target.Machine);
        Assert.Single(program.Steps.OfType<LaunchStep>(), s => s.Kernel.Name == "attention");
        var isShort = Type is ElementType.Float16 or ElementType.BFloat16;
        if (alternatives != false)
        {
            Compare(expected, new ProgramInterpreter(module.Dims).Run(program, inputs)[0], isShort ? 2e-2 : 1e-4, "interpreted");
        }

        foreach (var chooses in alternatives is { } one ? [one] : new[] { true, false })
        {
            using var device = new PtxProgram(module.Dims, narrow, target, chooses);
            Compare(expected, device.Run(program, inputs)[0], isShort ? 2e-2 : target.Machine.Gpu!.AllowTf32 ? 5e-3 : 1e-4, $"{this} on {target}");
        }
    }

    /// <summary>Passes through shared memory, and those that the bytes need.</summary>
    public (long Passes, long Least) SharedAccesses(PtxTarget target, bool alternatives)
    {
        var (graph, inputs, module) = Build();
        using var device = new PtxProgram(module.Dims, true, target, alternatives);
        device.Run(Passes.Lowering.Lowering.Run(Fused(graph, target.Machine), target.Machine), inputs);
        var accesses = device.Statistics.SelectMany(s => s.Accesses).Where(a => a.IsShared).ToList();
        return (accesses.Sum(a => a.Transactions), accesses.Sum(a => a.LeastTransactions));
    }

    /// <summary>The blocks that would read all keys, and those that read shares of them; 0 where keys are not split.</summary>
    public (long Blocks, long Items) Parts(PtxTarget target)
    {
        var (graph, _, module) = Build();
        var launch = Passes.Lowering.Lowering.Run(Fused(graph, target.Machine), target.Machine).Steps.OfType<LaunchStep>().First();
        Assert.Equal("attention_part", launch.Kernel.Name);
        var dims = new DimEvaluator(module.Dims);
        foreach (var (symbol, value) in _dims!.Zip([Batch, Queries, Keys]))
        {
            dims.Bind(symbol, value);
        }

        var items = launch.Alternatives.Where(a => dims.Evaluate(a.When) != 0).Select(a => a.WorkItems).FirstOrDefault(launch.WorkItems);
        return (Batch * (Queries * Heads / KeyHeads <= 16 ? KeyHeads : Heads), dims.Evaluate(items));
    }

    private static void Compare(Tensor expected, Tensor actual, double tolerance, string what)
    {
        Assert.Equal(expected.Dims, actual.Dims);
        for (var i = 0L; i < expected.Count; i++)
        {
            var (x, y) = (expected.GetDouble(i), actual.GetDouble(i));
            Assert.True(x.Equals(y) || Math.Abs(x - y) <= tolerance * (1 + Math.Abs(x)), $"{what}: element {i} is {y}, expected {x}");
        }
    }
}
