using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Runtime;
using Xunit;

namespace Dlc.Tests.Unit.Compilation;

/// <summary>Graphs built in code, compiled and run: symbols, guards, data-dependent sizes, branches and loops reach the runtime.</summary>
public sealed class EmitTests
{
    private readonly Module _module = new("test");

    private DimContext Dims => _module.Dims;

    [Fact]
    public void One_compile_serves_every_shape()
    {
        var graph = new GraphBuilder(_module);
        var n = _module.Facts.NewDim("N");
        var x = graph.Input(Float(n, Dims.Const(3)), "x");
        var turned = graph.Add(new Transpose([1, 0]), [x]);
        var y = graph.Add(new MatMul(ElementType.Float32), [x, turned]);
        var counter = new CompileCounter();
        using var model = Compile(graph.Build([graph.Add(new Tanh(), [y])]), new CompileOptions { Counter = counter, Threads = 1 });
        using var session = model.CreateSession();
        var kernels = counter.Kernels;
        foreach (var size in new[] { 1, 2, 7, 0, 33, 2 })
        {
            var input = Enumerable.Range(0, size * 3).Select(i => (i % 5) * 0.1f).ToArray();
            var result = session.Run(("x", InputTensor.From(input, size, 3)))[0];
            Assert.Equal([size, size], result.Dims.ToArray());
            for (var i = 0; i < size * size; i++)
            {
                var sum = Enumerable.Range(0, 3).Sum(k => input[((i / size) * 3) + k] * input[((i % size) * 3) + k]);
                Assert.Equal(MathF.Tanh(sum), result.ToArray<float>()[i], 1e-5f);
            }
        }

        Assert.Equal(1, counter.Models);
        Assert.Equal(kernels, counter.Kernels);
    }

    [Fact]
    public void A_dim_that_breaks_a_guard_is_refused_and_the_session_stays_usable()
    {
        var graph = new GraphBuilder(_module);
        var (n, m) = (_module.Facts.NewDim("N"), _module.Facts.NewDim("M"));
        var (x, y) = (graph.Input(Float(n), "x"), graph.Input(Float(m), "y"));
        _module.Facts.Require(n, Relation.Equal, m, "node 'add'");
        _module.Facts.Require(n, Relation.LessOrEqual, Dims.Const(4), "a table of 4");
        using var model = Compile(graph.Build([graph.Add(new Add(), [x, y])]));
        using var session = model.CreateSession();
        Assert.Equal([4f, 6f], session.Run(("x", InputTensor.From([1f, 2f], 2)), ("y", InputTensor.From([3f, 4f], 2)))[0].ToArray<float>());
        var error = Assert.Throws<DlcRuntimeException>(() =>
            session.Run(("x", InputTensor.From([1f, 2f], 2)), ("y", InputTensor.From([3f, 4f, 5f], 3))));
        Assert.Equal(RuntimeErrors.BrokenGuard, error.Code);
        Assert.Contains("node 'add'", error.Message);
        var large = new float[5];
        error = Assert.Throws<DlcRuntimeException>(() => session.Run(("x", InputTensor.From(large, 5)), ("y", InputTensor.From(large, 5))));
        Assert.Contains("a table of 4", error.Message);
        Assert.Equal([2f], session.Run(("x", InputTensor.From([1f], 1)), ("y", InputTensor.From([1f], 1)))[0].ToArray<float>());
    }

    [Fact]
    public void An_input_declared_as_an_expression_binds_its_symbol()
    {
        var graph = new GraphBuilder(_module);
        var n = _module.Facts.NewDim("N");
        var x = graph.Input(Float((2 * n) + 1), "x");
        using var model = Compile(graph.Build([graph.Add(new Add(), [x, graph.Add(new Iota(ElementType.Float32, new Shape([(2 * n) + 1]), 0), [])])]));
        using var session = model.CreateSession();
        Assert.Equal([1f, 2f, 3f], session.Run(("x", InputTensor.From([1f, 1f, 1f], 3)))[0].ToArray<float>());
        Assert.Throws<DlcRuntimeException>(() => session.Run(("x", InputTensor.From([1f, 1f], 2))));
    }

    [Fact]
    public void A_size_from_data_is_bound_at_run_time()
    {
        var graph = new GraphBuilder(_module);
        var count = graph.Input(new TensorType(ElementType.Int64, []), "count");
        var k = _module.Facts.NewDim("K");
        graph.AddNode(new BindDim(k), [count]);
        var y = graph.Add(new Iota(ElementType.Int64, new Shape([k * 2]), 0), []);
        using var model = Compile(graph.Build([y]));
        using var session = model.CreateSession();
        Assert.Equal([0L, 1, 2, 3, 4, 5], session.Run(("count", InputTensor.From([3L])))[0].ToArray<long>());
        Assert.Empty(session.Run(("count", InputTensor.From([0L])))[0].ToArray<long>());
        Assert.Throws<DlcRuntimeException>(() => session.Run(("count", InputTensor.From([-1L]))));
    }

    [Fact]
    public void Outputs_may_be_inputs_constants_views_and_one_value_twice()
    {
        var graph = new GraphBuilder(_module);
        var n = _module.Facts.NewDim("N");
        var x = graph.Input(Float(n, Dims.Const(2)), "x");
        var c = graph.Add(new Constant(Tensor.FromSpan<float>(ElementType.Float32, [1, 2], 2)), []);
        var e = graph.Add(new Neg(), [x]);
        var view = graph.Add(new Reshape(new Shape([n * 2])), [e]);
        _module.OutputNames = ["same", "constant", "negated", "flat", "again"];
        using var model = Compile(graph.Build([x, c, e, view, e]));
        using var session = model.CreateSession();
        var result = session.Run(("x", InputTensor.From([1f, 2f, 3f, 4f], 2, 2)));
        Assert.Equal([1f, 2f, 3f, 4f], result["same"].ToArray<float>());
        Assert.Equal([1f, 2f], result["constant"].ToArray<float>());
        Assert.Equal([-1f, -2f, -3f, -4f], result["negated"].ToArray<float>());
        Assert.Equal([4], result["flat"].Dims.ToArray());
        Assert.Equal([-1f, -2f, -3f, -4f], result["again"].ToArray<float>());
    }

    [Fact]
    public void A_branch_decides_a_size_and_its_guards_bind_only_when_taken()
    {
        var graph = new GraphBuilder(_module);
        var n = _module.Facts.NewDim("N");
        var condition = graph.Input(new TensorType(ElementType.Bool, []), "c");
        var x = graph.Input(Float(n), "x");
        var thenFacts = _module.Facts.Clone();
        var then = new GraphBuilder(_module, thenFacts);
        thenFacts.Require(Dims.Const(2), Relation.LessOrEqual, n, "the slice of two");
        var thenValue = then.Add(new Slice([Dims.Zero], [Dims.One], new Shape([Dims.Const(2)])), [x]);
        var otherwise = new GraphBuilder(_module, _module.Facts.Clone());
        var otherwiseValue = otherwise.Add(new Neg(), [x]);
        var size = _module.Facts.NewDim("K");
        var node = graph.AddNode(new If([new Shape([size])]), [condition], [then.Build([thenValue]), otherwise.Build([otherwiseValue])]);
        using var model = Compile(graph.Build([graph.Add(new Add(), [node.Output, node.Output])]));
        using var session = model.CreateSession();
        float[] Run(bool c, params float[] values) =>
            session.Run(("c", InputTensor.From([c])), ("x", InputTensor.From(values, values.Length)))[0].ToArray<float>();
        Assert.Equal([2f, 4f], Run(true, 1, 2, 3));
        Assert.Equal([-2f, -4f, -6f], Run(false, 1, 2, 3));
        Assert.Equal([-2f], Run(false, 1));
        Assert.Throws<DlcRuntimeException>(() => Run(true, 1));
        Assert.Equal([-2f], Run(false, 1));
    }

    [Fact]
    public void A_constant_condition_leaves_no_branch()
    {
        var graph = new GraphBuilder(_module);
        var n = _module.Facts.NewDim("N");
        var x = graph.Input(Float(n), "x");
        var yes = graph.Add(new Constant(Tensor.Scalar(ElementType.Bool, 1)), []);
        var then = new GraphBuilder(_module, _module.Facts.Clone());
        var thenValue = then.Add(new Concat(0), [x, x]);
        var otherwise = new GraphBuilder(_module, _module.Facts.Clone());
        var size = _module.Facts.NewDim("K");
        var otherwiseValue = otherwise.Add(new Neg(), [x]);
        var node = graph.AddNode(new If([new Shape([size])]), [yes], [then.Build([thenValue]), otherwise.Build([otherwiseValue])]);
        _module.Main = graph.Build([graph.Add(new Neg(), [node.Output])]);
        _module.OutputNames = ["y"];
        var compilation = DlcCompiler.Build(_module);
        Assert.DoesNotContain(compilation.Module.Main.Nodes, node => node.Op is If);
        using var model = compilation.Load();
        using var session = model.CreateSession();
        Assert.Equal([-1f, -2f, -1f, -2f], session.Run(("x", InputTensor.From([1f, 2f], 2)))[0].ToArray<float>());
    }

    [Fact]
    public void A_loop_carries_a_growing_tensor_and_stacks_slices()
    {
        var graph = new GraphBuilder(_module);
        var trips = graph.Input(new TensorType(ElementType.Int64, []), "trips");
        var x = graph.Input(Float(_module.Facts.NewDim("N")), "x");
        var yes = graph.Add(new Constant(Tensor.Scalar(ElementType.Bool, 1)), []);
        var body = new GraphBuilder(_module, _module.Facts.Clone());
        var inside = _module.Facts.NewDim("B");
        var iteration = body.Input(new TensorType(ElementType.Int64, []));
        var go = body.Add(new Constant(Tensor.Scalar(ElementType.Bool, 1)), []);
        var carried = body.Input(Float(inside));
        var number = body.Add(new Cast(ElementType.Float32), [iteration]);
        var grown = body.Add(new Concat(0), [carried, body.Add(new Reshape(new Shape([Dims.One])), [number])]);
        var last = _module.Facts.NewDim("L");
        var node = graph.AddNode(
            new Loop(1, _module.Facts.NewDim("T"), [new Shape([last]), []], IsCounted: false), [x, trips, yes], [body.Build([grown, body.Add(new Neg(), [number]), go])]);
        _module.OutputNames = ["last", "slices"];
        using var model = Compile(graph.Build([graph.Add(new Neg(), [node.Outputs[0]]), node.Outputs[1]]));
        using var session = model.CreateSession();
        foreach (var count in new[] { 3, 0, 1 })
        {
            var result = session.Run(("trips", InputTensor.From([(long)count])), ("x", InputTensor.From([5f], 1)));
            Assert.Equal([-5f, .. Enumerable.Range(0, count).Select(i => (float)-i)], result["last"].ToArray<float>());
            Assert.Equal([.. Enumerable.Range(0, count).Select(i => (float)-i)], result["slices"].ToArray<float>());
        }
    }

    [Fact]
    public void Two_compilations_give_the_same_bytes()
    {
        byte[] Bytes()
        {
            var module = new Module("same");
            var graph = new GraphBuilder(module);
            var x = graph.Input(new TensorType(ElementType.Float32, new Shape([module.Facts.NewDim("N"), module.Dims.Const(8)])), "x");
            var w = graph.Add(new Constant(Tensor.FromSpan<float>(ElementType.Float32, [.. Enumerable.Range(0, 64).Select(i => (float)i)], 8, 8)), []);
            module.Main = graph.Build([graph.Add(new Exp(), [graph.Add(new MatMul(ElementType.Float32), [x, w])])]);
            module.OutputNames = ["y"];
            var file = Path.GetTempFileName();
            try
            {
                DlcCompiler.Build(module).Save(file);
                return File.ReadAllBytes(file);
            }
            finally
            {
                File.Delete(file);
            }
        }

        Assert.Equal(Bytes(), Bytes());
    }

    private static TensorType Float(params ReadOnlySpan<Dim> dims) => new(ElementType.Float32, new Shape([.. dims]));

    private CompiledModel Compile(Graph graph, CompileOptions? options = null)
    {
        _module.Main = graph;
        if (_module.OutputNames.Count == 0)
        {
            _module.OutputNames = [.. graph.Outputs.Select((_, i) => $"y{i}")];
        }

        return DlcCompiler.Compile(_module, options);
    }
}
