using System.Globalization;
using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes;
using Dlc.Passes.Autodiff;
using Dlc.Runtime;
using Xunit;

namespace Dlc.Tests.Unit.Autodiff;

/// <summary>
/// A graph of f64 tensors under construction. Its outputs, each times numbers of its own, add up to a loss; the gradients of the parameters are compared with
/// central differences of that loss, and the compiled gradients with the evaluated ones.
/// </summary>
internal sealed class GradientCheck
{
    private const double Step = 1e-5;
    private const double Tolerance = 1e-6;

    private readonly Module _module = new("gradient");
    private readonly Dictionary<string, long> _sizes = new(StringComparer.Ordinal);
    private readonly List<(Value Value, Tensor Tensor)> _inputs = [];
    private readonly List<Value> _parameters = [];
    private readonly Random _random;

    /// <summary>A check at sizes such as <c>n=2 h=5</c>.</summary>
    public GradientCheck(string sizes, int seed)
    {
        _random = new Random(seed);
        Writer = new OpWriter(new GraphBuilder(_module), []);
        foreach (var part in sizes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var sides = part.Split('=');
            _sizes[sides[0]] = long.Parse(sides[1], CultureInfo.InvariantCulture);
            _module.Facts.NewDim(sides[0]);
        }

        // Binds the dims that no parameter has.
        Data(string.Join(' ', _sizes.Keys), ElementType.Bool, _ => 0);
    }

    public OpWriter Writer { get; }

    public DimContext Dims => _module.Dims;

    public Dim Dim(string name) => long.TryParse(name, out var number) ? Dims.Const(number) : Dims.Symbol(name);

    public Shape Shape(string dims) => new([.. dims.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Dim)]);

    public Value Emit(Op op, params ReadOnlySpan<Value> inputs) => Writer.Emit(op, inputs);

    /// <summary>A parameter of random numbers between bounds.</summary>
    public Value Parameter(string shape, double low = -1, double high = 1) => Parameter(shape, (_, _) => low + (_random.NextDouble() * (high - low)));

    /// <summary>A parameter whose numbers all differ by 0.1 or more, in random order around 0.</summary>
    public Value Distinct(string shape) => Parameter(shape, (order, count) => ((order[0] - (count / 2)) * 0.1) + 0.03);

    /// <summary>A parameter of numbers of random sign that are not near 0.</summary>
    public Value NonZero(string shape) => Parameter(shape, (_, _) => (0.3 + _random.NextDouble()) * (_random.Next(2) == 0 ? -1 : 1));

    /// <summary>An input that is no parameter.</summary>
    public Value Data(string shape, ElementType element, Func<long, double> numbers)
    {
        var type = new TensorType(element, Shape(shape));
        var tensor = new Tensor(element, [.. type.Shape.Select(d => d.IsConstant ? d.Constant : _sizes[d.Name!])]);
        for (var i = 0L; i < tensor.Count; i++)
        {
            tensor.SetDouble(i, numbers(i));
        }

        var value = Writer.Builder.Input(type, $"x{_inputs.Count}");
        _inputs.Add((value, tensor));
        return value;
    }

    public Value Longs(string shape, long from, long to) => Data(shape, ElementType.Int64, _ => _random.NextInt64(from, to));

    public Value Bools(string shape) => Data(shape, ElementType.Bool, _ => _random.Next(2));

    /// <summary>Checks the gradients; those of the compiled graph only on demand, as that takes longest.</summary>
    public void Run(bool compiles, params Value[] outputs)
    {
        var forward = Writer.Builder.Build([Loss(outputs)]);
        _module.OutputNames = ["loss"];
        Verifier.Verify(forward, "test");
        var context = new PassContext(new MachineModel
        {
            Name = "test", VectorBytes = 32, VectorRegisters = 16, TileRows = 6, TileColumns = 16, RowTileColumns = 16, L1Bytes = 32768, L2Bytes = 1 << 20,
        });
        var backward = new PassManager(context).Run(new Differentiate(0, _parameters), forward);
        var found = Evaluate(backward, [.. _inputs.Select(i => i.Tensor)]);
        Assert.Equal(1 + _parameters.Count, found.Count);
        Assert.Equal(Evaluate(forward, [.. _inputs.Select(i => i.Tensor)])[0].GetDouble(0), found[0].GetDouble(0), 1e-9);
        for (var p = 0; p < _parameters.Count; p++)
        {
            CompareWithDifferences(forward, p, found[1 + p]);
        }

        if (compiles)
        {
            CompareCompiled(backward, found);
        }
    }

    private Value Parameter(string shape, Func<int[], int, double> number)
    {
        Tensor? tensor = null;
        var order = Array.Empty<int>();
        var value = Data(shape, ElementType.Float64, _ => 0);
        tensor = _inputs[^1].Tensor;
        order = [.. Enumerable.Range(0, (int)tensor.Count)];
        _random.Shuffle(order);
        for (var i = 0L; i < tensor.Count; i++)
        {
            tensor.SetDouble(i, number([order[i]], order.Length));
        }

        _parameters.Add(value);
        return value;
    }

    private Value Loss(Value[] outputs)
    {
        Value? loss = null;
        for (var k = 0; k < outputs.Length; k++)
        {
            if (!outputs[k].Type.Element.IsFloat())
            {
                continue;
            }

            var shape = outputs[k].Type.Shape;
            var place = Writer.Emit(new Iota(ElementType.Float64, [shape.ElementCount(Dims)], 0));
            var weights = Writer.Shaped(Writer.Emit(new Sin(), Writer.Plus(Writer.Times(place, 0.7), k + 0.5)), shape);
            var own = Writer.Total(Writer.Times(outputs[k], weights));
            loss = loss is null ? own : Writer.Plus(loss, own);
        }

        return loss!;
    }

    private IReadOnlyList<Tensor> Evaluate(Graph graph, IReadOnlyList<Tensor> inputs)
    {
        _module.Main = graph;
        return new GraphEvaluator(_module).Run(inputs);
    }

    private void CompareWithDifferences(Graph forward, int parameter, Tensor gradient)
    {
        var position = _inputs.FindIndex(i => i.Value == _parameters[parameter]);
        var tensor = _inputs[position].Tensor;
        Assert.Equal(tensor.Dims, gradient.Dims);
        for (var i = 0L; i < tensor.Count; i++)
        {
            double Moved(double step)
            {
                var moved = Tensor.FromSpan(ElementType.Float64, tensor.Span<double>(), tensor.Dims);
                moved.SetDouble(i, tensor.GetDouble(i) + step);
                Tensor[] inputs = [.. _inputs.Select((input, n) => n == position ? moved : input.Tensor)];
                return Evaluate(forward, inputs)[0].GetDouble(0);
            }

            var (expected, actual) = ((Moved(Step) - Moved(-Step)) / (2 * Step), gradient.GetDouble(i));
            Assert.True(Math.Abs(expected - actual) <= Tolerance * (1 + Math.Abs(expected)),
                $"parameter {parameter} [{string.Join(", ", tensor.Dims)}], element {i}: the gradient is {actual}, the difference quotient {expected}");
        }
    }

    private void CompareCompiled(Graph backward, IReadOnlyList<Tensor> expected)
    {
        _module.Main = backward;
        _module.OutputNames = ["loss", .. _parameters.Select((_, i) => $"gradient{i}")];
        using var model = DlcCompiler.Compile(_module, new CompileOptions { Threads = 1 });
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        var named = model.Inputs.Select(info => (info.Name, InputTensor.FromBytes(Tensor(info.Name).Memory, Tensor(info.Name).Dims))).ToArray();
        var found = session.Run(named);
        for (var k = 0; k < expected.Count; k++)
        {
            Assert.Equal(expected[k].Dims, found[k].Dims.ToArray());
            for (var i = 0L; i < expected[k].Count; i++)
            {
                var (want, got) = (expected[k].GetDouble(i), found[k].ToArray<double>()[i]);
                Assert.True(want.Equals(got) || Math.Abs(want - got) <= 1e-5 * (1 + Math.Abs(want)), $"output {k}, element {i}: compiled {got}, evaluated {want}");
            }
        }

        Tensor Tensor(string name) => _inputs.Single(i => i.Value.Name == name).Tensor;
    }
}
