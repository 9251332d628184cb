using System.Numerics.Tensors;
using Dlc.Runtime;
using Dlc.Runtime.Format;
using Xunit;

namespace Dlc.Tests.Unit.Runtime;

public sealed class RunErrorTests
{
    [Fact]
    public void Each_mistake_gets_one_clear_message_and_the_session_stays_usable()
    {
        using var model = Model().Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 2 });
        var a = Tensor.Create(new float[8], [4, 2]);
        var b = Tensor.Create(new float[4], [4]);
        Fails(RuntimeErrors.UnknownName, "'c'", () => session.Run(("a", a), ("c", b)));
        Fails(RuntimeErrors.MissingInput, "'b'", () => session.Run(("a", a)));
        Fails(RuntimeErrors.WrongType, "expected f32, found Int64", () => session.Run(("a", Tensor.Create(new long[8], [4, 2])), ("b", b)));
        Fails(RuntimeErrors.WrongRank, "expected 2 for f32[n,2], found 1 in [8]", () => session.Run(("a", Tensor.Create(new float[8], [8])), ("b", b)));
        Fails(RuntimeErrors.WrongDim, "expected 2, found 3 in [4,3]", () => session.Run(("a", Tensor.Create(new float[12], [4, 3])), ("b", b)));
        Fails(RuntimeErrors.WrongDim, "expected n = 4, found 5 in [5]", () => session.Run(("a", a), ("b", Tensor.Create(new float[5], [5]))));
        Fails(RuntimeErrors.BrokenGuard, "at most 100 rows, because of the table; expected n <= 100, found n = 101 (node pos)", () =>
            session.Run(("a", Tensor.Create(new float[202], [101, 2])), ("b", Tensor.Create(new float[101], [101]))));
        Fails(RuntimeErrors.NegativeDim, "expected 0 or more, found -1", () =>
            session.Run(("a", Tensor.Create(new float[2], [1, 2])), ("b", Tensor.Create(new float[1], [1]))));
        Fails(RuntimeErrors.KernelCheck, "second check (node node_a, node_b)", () =>
            session.Run(("a", Tensor.Create([1f, -1, 0, 0], [2, 2])), ("b", Tensor.Create(new float[2], [2]))));
        Assert.Equal(8, session.Run(("a", a), ("b", b))["y"].ToArray<float>().Length);
    }

    [Fact]
    public unsafe void Raw_memory_is_checked_too()
    {
        using var model = Model().Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        using var binding = session.CreateBinding();
        Fails(RuntimeErrors.BufferTooSmall, "expected 32 bytes, found 28", () => binding.BindInput<float>("a", new float[7], [4, 2]));
        Fails(RuntimeErrors.NegativeDim, "[-1,2]", () => binding.BindInput<float>("a", new float[7], [-1, 2]));
        Fails(RuntimeErrors.DimOverflow, "4611686018427387904", () => binding.BindInput<float>("a", new float[7], [1L << 62, 2]));
        Fails(RuntimeErrors.UnknownName, "0: 'a', 1: 'b'", () => binding.BindInput<float>(2, new float[7], []));
        binding.BindInput<float>("a", new float[8], [4, 2]);
        binding.BindInput<float>("b", new float[4], [4]);
        binding.BindOutput<float>("y", new float[7]);
        Fails(RuntimeErrors.BufferTooSmall, "too small for [4,2]; expected 32 bytes, found 28", () => session.Run(binding));
        Assert.Throws<InvalidOperationException>(() => binding.Output<float>("y").Length);
        binding.UnbindOutput("y");
        session.Run(binding);
        Assert.Equal(8, binding.Output<float>("y").Length);
        Assert.Equal([4, 2], binding.OutputTensor<float>("y").Lengths.ToArray());
        Fails(RuntimeErrors.WrongType, "expected f32", () => binding.Output<double>("y"));
    }

    [Fact]
    public void Dims_that_overflow_are_an_error()
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int x = m.Input("x", ScalarType.U8, InputAxis.Bind(n, "n"), InputAxis.Fixed(0));
        int big = m.Const(1L << 62);
        int product = m.Compute("n*2^62", ShapeOp.Mul, n, big);
        int y = m.Output("y", ScalarType.F32, product);
        m.Main.Add(TestModel.Launch(TestKernels.AddOne, [x, y], [], m.Const(0)));
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Fails(RuntimeErrors.DimOverflow, "Mul(2, 4611686018427387904)", () => session.Run(("x", InputTensor.From(Array.Empty<byte>(), 2, 0))));
        Fails(RuntimeErrors.DimOverflow, "less than 2^63 bytes", () => session.Run(("x", InputTensor.From(Array.Empty<byte>(), 1, 0))));
        Assert.Empty(session.Run(("x", InputTensor.From(Array.Empty<byte>(), 0, 0)))[0].ToArray<float>());
    }

    [Fact]
    public void Nothing_split_into_nothing_is_nothing()
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int part = m.Compute("8*n/n", ShapeOp.FloorDiv, m.Compute("8*n", ShapeOp.Mul, n, m.Const(8)), n);
        m.Main.Add(new CopyStep { Source = x, Destination = m.Output("y", ScalarType.F32, n) });
        m.Output("z", ScalarType.U8, part);
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Assert.Equal([0], session.Run(("x", InputTensor.From(Array.Empty<float>(), 0)))["z"].Dims.ToArray());
        Assert.Equal([8], session.Run(("x", InputTensor.From(new float[3], 3)))["z"].Dims.ToArray());
    }

    private static void Fails(string code, string part, Action action)
    {
        var error = Assert.Throws<DlcRuntimeException>(action);
        Assert.Equal(code, error.Code);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    /// <summary>y = checked copy of a; a is f32[n, 2], b is f32[n], n is at most 100 and at least 2.</summary>
    private static TestModel Model()
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int a = m.Input("a", ScalarType.F32, InputAxis.Bind(n, "n"), InputAxis.Fixed(2));
        m.Input("b", ScalarType.F32, InputAxis.Check(n, "n"));
        int two = m.Const(2);
        int items = m.Compute("2*n", ShapeOp.Mul, n, two);
        int less = m.Compute("n - 2", ShapeOp.Sub, n, two);
        int hundred = m.Const(100);
        m.Guards.Add(new Guard(n, GuardRelation.LessOrEqual, hundred, "at most 100 rows, because of the table", "pos"));
        int y = m.Output("y", ScalarType.F32, n, two);
        int rest = m.Temp(ScalarType.F32, less);
        m.Main.Add(TestModel.Launch(TestKernels.AddOne, [a, rest], [], less));
        m.Main.Add(TestModel.Launch(TestKernels.FailNegative, [a, y], [], items));
        return m;
    }
}
