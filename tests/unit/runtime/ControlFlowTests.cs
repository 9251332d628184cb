using System.Numerics.Tensors;
using Dlc.Runtime;
using Dlc.Runtime.Format;
using Xunit;

namespace Dlc.Tests.Unit.Runtime;

public sealed class ControlFlowTests
{
    [Fact]
    public void Data_becomes_a_dim()
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int count = m.Slot("count");
        int again = m.Slot("count + 1");
        int one = m.Const(1);
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int scalar = m.Temp(ScalarType.I64);
        int kept = m.Temp(ScalarType.F32, count);
        int y = m.Output("y", ScalarType.F32, again);
        m.Main.Add(TestModel.Launch(TestKernels.CountPositive, [x, scalar], [n]));
        m.Main.Add(new BindSlotStep
        {
            Slot = count,
            Value = scalar,
            Then = new BindPoint
            {
                Instructions = [new ShapeInstruction(ShapeOp.Add, again, count, one)],
                Guards = [new Guard(count, GuardRelation.LessOrEqual, n, "no more than there are")],
            },
        });
        m.Main.Add(TestModel.Launch(TestKernels.Compact, [x, kept], [n]));
        m.Main.Add(TestModel.Launch(TestKernels.Append, [kept, y], [count]));
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Assert.Equal([2f, 5, 2], Run(session, 2, -1, 5, 0));
        Assert.Equal([3f, 4, 5, 6, 4], Run(session, 3, 4, 5, 6));
        Assert.Equal([0f], Run(session, -1));
        Assert.Equal([0f], Run(session));
        using var binding = session.CreateBinding();
        var room = new float[2];
        binding.BindOutput("y", room);
        binding.BindInput("x", new float[] { -1, 7, -1 }, [3]);
        session.Run(binding);
        Assert.Equal([7f, 1], room);
        session.Run(binding);
        long before = GC.GetAllocatedBytesForCurrentThread();
        session.Run(binding);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        binding.BindInput("x", new float[] { 7, 7 }, [2]);
        Assert.Equal(RuntimeErrors.BufferTooSmall, Assert.Throws<DlcRuntimeException>(() => session.Run(binding)).Code);
    }

    [Fact]
    public void Memory_of_data_dependent_sizes_shrinks_too()
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int count = m.Slot("count");
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int scalar = m.Temp(ScalarType.I64);
        int kept = m.Temp(ScalarType.F32, count);
        m.Main.Add(TestModel.Launch(TestKernels.CountPositive, [x, scalar], [n]));
        m.Main.Add(new BindSlotStep { Slot = count, Value = scalar });
        m.Main.Add(TestModel.Launch(TestKernels.Compact, [x, kept], [n]));
        m.Main.Add(new CopyStep { Source = kept, Destination = m.Output("y", ScalarType.F32, count) });
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1, TrimArenaAfterRuns = 3 });
        Assert.Equal(100_000, Run(session, [.. Enumerable.Repeat(1f, 100_000)]).Length);
        Assert.True(session.AllocatedBytes >= 400_000);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal([5f], Run(session, 5, -1));
        }

        Assert.True(session.AllocatedBytes < 10_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void If_runs_one_branch(bool aliased)
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int limit = m.Const(10);
        int small = m.Temp(ScalarType.Bool);
        int y = m.Output("y", ScalarType.F32, n);
        int result = m.Temp(ScalarType.F32, n);

        // An aliased result is written where the output is.
        int inThen = aliased ? m.Alias(result, -1, ScalarType.F32, n) : m.Temp(ScalarType.F32, n);
        int middle = m.Temp(ScalarType.F32, n);
        int inElse = aliased ? m.Alias(result, -1, ScalarType.F32, n) : m.Temp(ScalarType.F32, n);
        int then = m.Program("then", TestModel.Launch(TestKernels.AddOne, [x, inThen], [], n));
        int otherwise = m.Program(
            "else", TestModel.Launch(TestKernels.Add, [x, x, middle], [], n), TestModel.Launch(TestKernels.Add, [middle, x, inElse], [], n));
        m.Main.Add(TestModel.Launch(TestKernels.SumLess, [x, small], [n, limit]));
        m.Main.Add(new IfStep
        {
            Condition = small,
            ThenProgram = then,
            ElseProgram = otherwise,
            Results = [new BranchResult { ThenValue = inThen, ElseValue = inElse, Output = result, OutputSlots = [-1] }],
        });
        m.Main.Add(TestModel.Launch(TestKernels.AddOne, [result, y], [], n));
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Assert.Equal([3f, 4], Run(session, 1, 2));
        Assert.Equal([31f, 61], Run(session, 10, 20));
    }

    [Fact]
    public void Branches_may_differ_in_size()
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int one = m.Const(1);
        int limit = m.Const(10);
        int longer = m.Compute("n+1", ShapeOp.Add, n, one);
        int result = m.Slot("result");
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int small = m.Temp(ScalarType.Bool);
        int appended = m.Temp(ScalarType.F32, longer);
        int y = m.Output("y", ScalarType.F32, result);
        m.Main.Add(TestModel.Launch(TestKernels.SumLess, [x, small], [n, limit]));
        m.Main.Add(new IfStep
        {
            Condition = small,
            ThenProgram = m.Program("then", TestModel.Launch(TestKernels.Append, [x, appended], [n])),
            ElseProgram = m.Program("else"),
            Results = [new BranchResult { ThenValue = appended, ElseValue = x, Output = y, OutputSlots = [result] }],
        });
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Assert.Equal([1f, 2, 2], Run(session, 1, 2));
        Assert.Equal([10f, 20], Run(session, 10, 20));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Loop_carries_values_and_swaps_them(bool throughCopy)
    {
        // a, b = b, a + iteration, n times.
        var m = new TestModel();
        int n = m.Slot("n");
        int trips = m.Slot("trips");
        int a = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int b = m.Input("b", ScalarType.F32, InputAxis.Check(n, "n"));
        m.Input("t", ScalarType.U8, InputAxis.Bind(trips, "trips"));
        int aIn = m.Temp(ScalarType.F32, n);
        int bIn = m.Temp(ScalarType.F32, n);
        int iteration = m.Temp(ScalarType.I64);
        int sum = m.Temp(ScalarType.F32, n);
        int left = throughCopy ? m.Alias(sum, -1, ScalarType.F32, n) : sum;
        int aOut = m.Output("a'", ScalarType.F32, n);
        int bOut = m.Output("b'", ScalarType.F32, n);
        m.Main.Add(new LoopStep
        {
            Body = m.Program("body", TestModel.Launch(TestKernels.AddIteration, [iteration, aIn, sum], [], n)),
            TripCountSlot = trips,
            BodyIteration = iteration,
            Carried =
            [
                new CarriedValue { Initial = a, BodyIn = aIn, BodyOut = bIn, Final = aOut, BodyInSlots = [-1], FinalSlots = [-1] },
                new CarriedValue { Initial = b, BodyIn = bIn, BodyOut = left, Final = bOut, BodyInSlots = [-1], FinalSlots = [-1] },
            ],
        });
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        for (int t = 0; t < 6; t++)
        {
            float[] wantA = [1, 2, 3];
            float[] wantB = [10, 20, 30];
            for (int i = 0; i < t; i++)
            {
                (wantA, wantB) = (wantB, [.. wantA.Select(v => v + i)]);
            }

            var y = session.Run(
                ("x", Tensor.Create([1f, 2, 3], [3])), ("b", Tensor.Create([10f, 20, 30], [3])), ("t", InputTensor.From(new byte[t], t)));
            Assert.Equal(wantA, y["a'"].ToArray<float>());
            Assert.Equal(wantB, y["b'"].ToArray<float>());
        }
    }

    [Fact]
    public void Loop_grows_what_it_carries_and_stacks_scans()
    {
        // While sum(x) < 20: x = append(x, len(x)); scan the iteration number plus a row of y.
        var m = new TestModel();
        int n = m.Slot("n");
        int current = m.Slot("len");
        int next = m.Slot("len + 1");
        int final = m.Slot("final");
        int rounds = m.Slot("rounds");
        int one = m.Const(1);
        int two = m.Const(2);
        int limit = m.Const(20);
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int row = m.Constant(ScalarType.F32, new float[] { 0.5f, 0.25f }, two);
        int iteration = m.Temp(ScalarType.I64);
        int start = m.Temp(ScalarType.Bool);
        int go = m.Temp(ScalarType.Bool);
        int xIn = m.Temp(ScalarType.F32, current);
        int xOut = m.Temp(ScalarType.F32, next);
        int scanned = m.Temp(ScalarType.F32, two);
        int y = m.Output("y", ScalarType.F32, final);
        int scan = m.Output("scan", ScalarType.F32, rounds, two);
        m.Main.Add(TestModel.Launch(TestKernels.SumLess, [x, start], [n, limit]));
        m.Main.Add(new LoopStep
        {
            Body = m.Program(
                "body",
                TestModel.Launch(TestKernels.Append, [xIn, xOut], [current]),
                TestModel.Launch(TestKernels.AddIteration, [iteration, row, scanned], [], two),
                TestModel.Launch(TestKernels.SumLess, [xOut, go], [next, limit])),
            Condition = start,
            BodyIteration = iteration,
            BodyConditionOut = go,
            BodyEntry = new BindPoint { Instructions = [new ShapeInstruction(ShapeOp.Add, next, current, one)] },
            Carried = [new CarriedValue { Initial = x, BodyIn = xIn, BodyOut = xOut, Final = y, BodyInSlots = [current], FinalSlots = [final] }],
            ScanOutputs = [new ScanOutput { BodyOut = scanned, Final = scan, FinalSlots = [rounds, -1] }],
        });
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        var result = session.Run(("x", Tensor.Create([9f, 1], [2])));
        Assert.Equal([9f, 1, 2, 3, 4, 5], result["y"].ToArray<float>());
        Assert.Equal([4, 2], result["scan"].Dims.ToArray());
        Assert.Equal([0.5f, 0.25f, 1.5f, 1.25f, 2.5f, 2.25f, 3.5f, 3.25f], result["scan"].ToArray<float>());
        result = session.Run(("x", Tensor.Create([30f], [1])));
        Assert.Equal([30f], result["y"].ToArray<float>());
        Assert.Equal([0, 2], result["scan"].Dims.ToArray());

        using var binding = session.CreateBinding();
        binding.BindInput("x", new float[] { 9, 1 }, [2]);
        session.Run(binding);
        session.Run(binding);
        long before = GC.GetAllocatedBytesForCurrentThread();
        session.Run(binding);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Scans_of_known_size_are_written_in_place_and_values_from_outside_stay_alive()
    {
        // kept = x + 1 is read by every iteration, although its last mention comes early in the body; noise fills the arena.
        var m = new TestModel();
        int n = m.Slot("n");
        int trips = m.Slot("trips");
        int bytes = m.Compute("4*n", ShapeOp.Mul, n, m.Const(4));
        int pattern = m.Const(0x55);
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        m.Input("t", ScalarType.U8, InputAxis.Bind(trips, "trips"));
        int kept = m.Temp(ScalarType.F32, n);
        int iteration = m.Temp(ScalarType.I64);
        int sum = m.Temp(ScalarType.F32, n);
        int noise = m.Temp(ScalarType.F32, n);
        int more = m.Temp(ScalarType.F32, n);
        int y = m.Output("y", ScalarType.F32, trips, n);
        m.Main.Add(TestModel.Launch(TestKernels.AddOne, [x, kept], [], n));
        m.Main.Add(new LoopStep
        {
            Body = m.Program(
                "body",
                TestModel.Launch(TestKernels.AddIteration, [iteration, kept, sum], [], n),
                TestModel.Launch(TestKernels.Fill, [noise], [bytes, pattern]),
                TestModel.Launch(TestKernels.Fill, [more], [bytes, pattern])),
            TripCountSlot = trips,
            BodyIteration = iteration,
            ScanOutputs = [new ScanOutput { BodyOut = sum, Final = y, FinalSlots = [-1, -1] }],
        });
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        var result = session.Run(("x", Tensor.Create([5f, 6], [2])), ("t", InputTensor.From(new byte[3], 3)));
        Assert.Equal([6f, 7, 7, 8, 8, 9], result["y"].ToArray<float>());
        Assert.Equal([0, 2], session.Run(("x", Tensor.Create([5f, 6], [2])), ("t", InputTensor.From(Array.Empty<byte>(), 0)))["y"].Dims.ToArray());
    }

    [Fact]
    public void Loops_nest()
    {
        // for i in 3: for j in 2: v = v + i (inner carried through both).
        var m = new TestModel();
        int n = m.Slot("n");
        int three = m.Const(3);
        int two = m.Const(2);
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int i = m.Temp(ScalarType.I64);
        int outerIn = m.Temp(ScalarType.F32, n);
        int innerIn = m.Temp(ScalarType.F32, n);
        int innerOut = m.Temp(ScalarType.F32, n);
        int outerOut = m.Temp(ScalarType.F32, n);
        int y = m.Output("y", ScalarType.F32, n);
        int outer = m.Reserve();
        int inner = m.Program("inner", TestModel.Launch(TestKernels.AddIteration, [i, innerIn, innerOut], [], n));
        m.Define(outer, "outer", new LoopStep
        {
            Body = inner,
            TripCountSlot = two,
            Carried = [new CarriedValue { Initial = outerIn, BodyIn = innerIn, BodyOut = innerOut, Final = outerOut, BodyInSlots = [-1], FinalSlots = [-1] }],
        });
        m.Main.Add(new LoopStep
        {
            Body = outer,
            TripCountSlot = three,
            BodyIteration = i,
            Carried = [new CarriedValue { Initial = x, BodyIn = outerIn, BodyOut = outerOut, Final = y, BodyInSlots = [-1], FinalSlots = [-1] }],
        });
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Assert.Equal([7f, 8], Run(session, 1, 2));
        Assert.Equal([7f], Run(session, 1));
    }

    [Fact]
    public void A_loop_that_changes_fixed_dims_is_an_error()
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int longer = m.Compute("n+1", ShapeOp.Add, n, m.Const(1));
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int xIn = m.Temp(ScalarType.F32, n);
        int xOut = m.Temp(ScalarType.F32, longer);
        int y = m.Output("y", ScalarType.F32, n);
        m.Main.Add(new LoopStep
        {
            Body = m.Program("body", TestModel.Launch(TestKernels.Append, [xIn, xOut], [n])),
            TripCountSlot = m.Const(2),
            Carried = [new CarriedValue { Initial = x, BodyIn = xIn, BodyOut = xOut, Final = y, BodyInSlots = [-1], FinalSlots = [-1] }],
        });
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Assert.Equal(RuntimeErrors.WrongDim, Assert.Throws<DlcRuntimeException>(() => Run(session, 1, 2)).Code);
    }

    [Fact]
    public void Variants_are_chosen_by_their_predicate()
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int isFour = m.Compute("n==4", ShapeOp.Equal, n, m.Const(4));
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int y = m.Output("y", ScalarType.F32, n);
        m.Main.Add(new LaunchStep
        {
            Buffers = [x, y, y],
            Dims = [],
            Variants =
            [
                new KernelVariant { CodeOffset = TestKernels.FailNegative, Name = "copy", PredicateSlot = isFour, ExtentSlot = n },
                new KernelVariant { CodeOffset = TestKernels.AddOne, Name = "add", ExtentSlot = n },
            ],
        });
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Assert.Equal([1f, 1, 1, 1], Run(session, 1, 1, 1, 1));
        Assert.Equal([2f, 2], Run(session, 1, 1));
    }

    [Fact]
    public void Views_share_memory_and_may_be_written()
    {
        // concat(x + 1, x + x) through two views of one buffer.
        var m = new TestModel();
        int n = m.Slot("n");
        int two = m.Const(2);
        int all = m.Compute("2*n", ShapeOp.Mul, n, two);
        int half = m.Compute("4*n", ShapeOp.Mul, n, m.Const(4));
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int whole = m.Temp(ScalarType.F32, all);
        int first = m.Alias(whole, -1, ScalarType.F32, n);
        int second = m.Alias(whole, half, ScalarType.F32, n);
        int y = m.Output("y", ScalarType.F32, all);
        m.Main.Add(TestModel.Launch(TestKernels.AddOne, [x, first], [], n));
        m.Main.Add(TestModel.Launch(TestKernels.Add, [x, x, second], [], n));
        m.Main.Add(new CopyStep { Source = whole, Destination = y });
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        Assert.Equal([2f, 3, 2, 4], Run(session, 1, 2));
        Assert.Empty(Run(session));
    }

    private static float[] Run(Session session, params float[] x) =>
        session.Run(("x", Tensor.Create(x, [x.Length])))[0].ToArray<float>();
}
