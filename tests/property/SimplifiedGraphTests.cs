using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes;
using Dlc.Runtime;
using Xunit;

namespace Dlc.Tests.Property;

/// <summary>
/// Random graphs full of what simplification looks for (neutral constants, views of views, constant conditions, scaled weights): the passes keep
/// what they compute, and so does everything down to machine code.
/// </summary>
public sealed class SimplifiedGraphTests
{
    private static readonly long[] Sizes = [0, 1, 2, 5];
    private readonly Module _module = new("random");
    private readonly GraphBuilder _graph;
    private readonly Random _random;
    private readonly List<Value> _values = [];

    public SimplifiedGraphTests()
    {
        _graph = new GraphBuilder(_module);
        _random = new Random(0);
    }

    private SimplifiedGraphTests(int seed)
        : this()
    {
        _random = new Random(seed);
    }

    [Fact]
    public void Simplified_graphs_compute_the_same()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var test = new SimplifiedGraphTests(seed);
            var graph = test.Draw();
            test._module.Main = graph;
            new PassManager(new PassContext(Machine)).Run(test._module, [Pipeline.Simplify()]);
            var simplified = test._module.Main;
            foreach (var size in Sizes)
            {
                Compare(seed, test.Evaluate(graph, size), test.Evaluate(simplified, size));
            }
        }
    }

    [Fact]
    public void Compiled_graphs_compute_the_same()
    {
        for (var seed = 1000; seed < 1025; seed++)
        {
            var test = new SimplifiedGraphTests(seed);
            var graph = test.Draw();
            test._module.Main = graph;
            test._module.OutputNames = [.. graph.Outputs.Select((_, i) => $"y{i}")];
            using var model = DlcCompiler.Compile(test._module);
            using var session = model.CreateSession(new SessionOptions { Threads = 1 + (seed % 2) });
            foreach (var size in Sizes)
            {
                var inputs = graph.Inputs.Select((v, i) => (Name: v.Name!, Tensor: test.Input(i, size))).ToArray();
                var result = session.Run([.. inputs.Select(i => (i.Name, InputTensor.From(i.Tensor.Span<float>().ToArray(), i.Tensor.Dims)))]);
                Compare(seed, test.Evaluate(graph, size), [.. result.Select(o => Tensor.FromSpan<float>(ElementType.Float32, o.ToArray<float>(), o.Dims))]);
            }
        }
    }

    private static MachineModel Machine => global::Dlc.Codegen.X86.CpuTarget.V3.Machine;

    private static void Compare(int seed, IReadOnlyList<Tensor> expected, IReadOnlyList<Tensor> actual)
    {
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Dims, actual[i].Dims);
            for (var n = 0L; n < expected[i].Count; n++)
            {
                var (e, a) = (expected[i].GetDouble(n), actual[i].GetDouble(n));
                Assert.True(e.Equals(a) || Math.Abs(e - a) <= 1e-3 * (1 + Math.Abs(e)), $"seed {seed}, output {i}, element {n}: {e} became {a}");
            }
        }
    }

    /// <summary>Two inputs, [N, 4] and [N, 3, 4], and some twenty operators on them.</summary>
    private Graph Draw()
    {
        var n = _module.Facts.NewDim("N");
        _values.Add(_graph.Input(new TensorType(ElementType.Float32, [n, Const(4)]), "a"));
        _values.Add(_graph.Input(new TensorType(ElementType.Float32, [n, Const(3), Const(4)]), "b"));
        var steps = _random.Next(4, 24);
        for (var i = 0; i < steps; i++)
        {
            _values.Add(Grow());
        }

        return _graph.Build([.. _values.Skip(2).Where(_ => _random.Next(5) == 0).Append(_values[^1]).Distinct()]);
    }

    private Value Grow()
    {
        while (true)
        {
            // What was made last is read most: simplification is about chains.
            var x = _values[Math.Max(_random.Next(_values.Count), _random.Next(_values.Count))];
            var shape = x.Type.Shape;
            var rank = shape.Rank;
            var axis = _random.Next(rank);
            var whole = Enumerable.Repeat(_module.Dims.Zero, rank).ToArray();
            var ones = Enumerable.Repeat(_module.Dims.One, rank).ToArray();
            switch (_random.Next(16))
            {
                case 0:
                    return _graph.Add(Pick<Op>(new Add(), new Mul(), new Sub(), new Div(), new Max(), new Min()), [x, Scalar(Pick(0, 1, -1, 2, 0.5))]);
                case 1:
                    return _graph.Add(Pick<Op>(new Add(), new Mul(), new Sub()), [Scalar(Pick(0, 1, -1, 3)), x]);
                case 2:
                    return _graph.Add(Pick<Op>(new Add(), new Mul(), new Sub()), [x, Row(shape)]);
                case 3:
                    return _graph.Add(new Pow(), [_graph.Add(new Sigmoid(), [x]), Scalar(Pick(1, 2, 3, 0.5, -0.5, -1, 0.7))]);
                case 4:
                    return _graph.Add(new Transpose([.. Enumerable.Range(0, rank).OrderBy(_ => _random.Next())]), [x]);
                case 5 when rank == 3:
                    return _graph.Add(new Reshape([shape[0] * shape[1], shape[2]]), [x]);
                case 6:
                    return _graph.Add(new Reshape(new Shape(shape.Dims.Insert(axis, _module.Dims.One))), [x]);
                case 7 when rank > 2 && shape[axis].Is(1):
                    return _graph.Add(new Reshape(new Shape(shape.Dims.RemoveAt(axis))), [x]);
                case 8 when shape[axis] is { IsConstant: true, Constant: > 1 } extent:
                    whole[axis] = Const(_random.Next((int)extent.Constant));
                    ones[axis] = Const(Pick(1, -1));
                    var length = ones[axis].Is(1) ? extent.Constant - whole[axis].Constant : whole[axis].Constant + 1;
                    return _graph.Add(new Slice([.. whole], [.. ones], shape.With(axis, Const(length))), [x]);
                case 9:
                    return _graph.Add(new Concat(axis), Pick<Value[]>([x, x], [x], [x, _graph.Add(new Neg(), [x])]));
                case 10:
                    var other = _values[_random.Next(_values.Count)];
                    if (other.Type != x.Type)
                    {
                        continue;
                    }

                    return _graph.Add(new Where(), [Flag(_random.Next(2)), x, other]);
                case 11:
                    return _graph.Add(new Cast(ElementType.Float32), [_graph.Add(new Cast(ElementType.Float64), [x])]);
                case 12 when shape[axis] is { IsConstant: true, Constant: > 0 } extent:
                    return _graph.Add(new Gather(axis), [x, Index(_random.Next((int)extent.Constant))]) is { Type.Rank: > 1 } gathered
                        ? gathered : _graph.Add(new Tanh(), [x]);
                case 13 when rank > 1 && shape[^1] is { IsConstant: true, Constant: > 0 } depth:
                    var product = _graph.Add(new MatMul(ElementType.Float32), [x, Weights(depth.Constant, 4)]);
                    var biased = _graph.Add(new Add(), [product, Weights(4)]);
                    return _graph.Add(new Mul(), [biased, Weights(1, 4)]);
                case 14:
                    return _graph.Add(new Mul(), [x, _graph.Add(new Broadcast(shape), [Scalar(Pick(1, 0.25))])]);
                case 15:
                    return _graph.Add(Pick<Op>(new Neg(), new Tanh(), new Abs(), new Reduce(Pick(ReduceKind.Max, ReduceKind.Sum), [axis])), [x]) is var made
                        && made.Type.Shape.Dims.Any(d => d.IsConstant && d.Constant > 100) ? x : made;
                default:
                    continue;
            }
        }
    }

    private T Pick<T>(params ReadOnlySpan<T> choices) => choices[_random.Next(choices.Length)];

    private Dim Const(long value) => _module.Dims.Const(value);

    private Value Scalar(double value) => _graph.Add(new Constant(Tensor.Scalar(ElementType.Float32, value)), []);

    private Value Flag(double value) => _graph.Add(new Constant(Tensor.Scalar(ElementType.Bool, value)), []);

    private Value Index(long value) => _graph.Add(new Constant(Tensor.Scalar(value)), []);

    /// <summary>A constant that broadcasts to a shape: numbers along the last axis where that is one, else a scalar.</summary>
    private Value Row(Shape shape) => shape[^1].IsConstant ? Weights(shape[^1].Constant) : Scalar(2);

    private Value Weights(params long[] dims)
    {
        var tensor = new Tensor(ElementType.Float32, dims);
        for (var i = 0L; i < tensor.Count; i++)
        {
            tensor.SetDouble(i, _random.Next(5) == 0 ? 1 : (_random.NextDouble() * 2) - 1);
        }

        return _graph.Add(new Constant(tensor), []);
    }

    private Tensor Input(int input, long size)
    {
        var random = new Random((int)((input * 100) + size));
        var tensor = new Tensor(ElementType.Float32, input == 0 ? [size, 4] : [size, 3, 4]);
        for (var i = 0L; i < tensor.Count; i++)
        {
            tensor.SetDouble(i, (random.NextDouble() * 4) - 2);
        }

        return tensor;
    }

    private IReadOnlyList<Tensor> Evaluate(Graph graph, long size)
    {
        _module.Main = graph;
        return new GraphEvaluator(_module).Run([.. graph.Inputs.Select((_, i) => Input(i, size))]);
    }
}
