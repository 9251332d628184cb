using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Dlc.Runtime;
using Dlc.Runtime.Format;
using Xunit;

namespace Dlc.Tests.Unit.Runtime;

public sealed class SessionTests
{
    [Fact]
    public void One_model_runs_at_every_shape()
    {
        using var model = Chain(3).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 2 });
        foreach (int n in new[] { 1, 0, 17, 1000, 3, 1 })
        {
            var x = Tensor.Create(Numbers(n), [n, 2]);
            var y = session.Run(("x", x));
            Assert.Equal([n, 2], y["y"].Dims.ToArray());
            Assert.Equal(Numbers(n).Select(v => v + 3), y["y"].ToArray<float>());
        }

        Assert.Equal(5, session.PlansMade);
    }

    [Fact]
    public void Ports_print_their_symbolic_dims()
    {
        using var model = Chain(1).Load();
        Assert.Equal("x: f32[n,2]", model.Inputs[0].ToString());
        Assert.Equal("y: f32[n,2]", model.Outputs[0].ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Repeated_runs_allocate_no_managed_memory(bool hasArena)
    {
        using var model = Chain(5).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 2 });
        using var binding = session.CreateBinding();
        var x = Numbers(5000);
        var y = new float[x.Length];
        binding.BindInput<float>("x", x, [5000, 2]);
        binding.BindOutput<float>("y", y);
        if (hasArena)
        {
            binding.BindArena(new byte[session.ArenaBytesFor(binding) + 63]);
        }

        long Measure(int runs)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < runs; i++)
            {
                // Alternates between two signatures that were both met.
                binding.SetInputDims("x", i % 2 == 0 ? [5000, 2] : [100, 2]);
                session.Run(binding);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Measure(100);
        Assert.Equal(0, Measure(1000));
        Assert.Equal(x.Select(v => v + 5).Take(200), y.Take(200));
    }

    [Fact]
    public void Tensor_spans_run_in_place()
    {
        using var model = Chain(2).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        var y = new float[6];
        session.Run(new ReadOnlyTensorSpan<float>([1f, 2, 3, 4, 5, 6], [3, 2], default), new TensorSpan<float>(y, [3, 2], default));
        Assert.Equal([3f, 4, 5, 6, 7, 8], y);
        var wrong = Assert.Throws<DlcRuntimeException>(() =>
            session.Run(new ReadOnlyTensorSpan<float>([1f, 2, 3, 4], [2, 2], default), new TensorSpan<float>(y, [3, 2], default)));
        Assert.Equal(RuntimeErrors.WrongDim, wrong.Code);
    }

    [Fact]
    public void Tensors_with_gaps_are_copied()
    {
        using var model = Chain(1).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        var wide = Tensor.Create([1f, 2, 3, 4, 5, 6], [2, 3]);
        var y = session.Run(("x", Tensor.PermuteDimensions(wide, [1, 0])));
        Assert.Equal([2f, 5, 3, 6, 4, 7], y[0].As<float>().ToArray());
    }

    [Fact]
    public void Many_threads_share_one_session()
    {
        using var model = Chain(8).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 2 });
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, t =>
        {
            using var binding = session.CreateBinding();
            for (int i = 0; i < 100; i++)
            {
                int n = 1 + ((i * 37) + t) % 500;
                binding.BindInput<float>(0, Numbers(n), [n, 2]);
                session.Run(binding);
                Assert.Equal(Numbers(n).Select(v => v + 8), binding.Output<float>(0).ToArray());
            }
        });
        Assert.True(session.HighWaterBytes > 0);
    }

    [Fact]
    public void Intermediate_values_share_memory()
    {
        using var model = Chain(50).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        using var binding = session.CreateBinding();
        binding.BindInput<float>(0, Numbers(1024), [1024, 2]);
        Assert.Equal(2 * 1024 * 2 * 4, session.ArenaBytesFor(binding));
    }

    [Fact]
    public void The_arena_shrinks_after_a_large_shape()
    {
        using var model = Chain(3).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1, TrimArenaAfterRuns = 4 });
        using var binding = session.CreateBinding();
        binding.CopyInput<float>(0, Numbers(100_000), [100_000, 2]);
        session.Run(binding);
        long high = session.AllocatedBytes;
        Assert.True(high >= 2 * 100_000 * 2 * 4);
        for (int i = 0; i < 5; i++)
        {
            binding.CopyInput<float>(0, Numbers(10), [10, 2]);
            session.Run(binding);
            Assert.Equal(Numbers(10).Select(v => v + 3), binding.Output<float>(0).ToArray());
        }

        Assert.True(session.AllocatedBytes < 10_000);
        Assert.Equal(high, session.HighWaterBytes);
    }

    [Fact]
    public void What_is_kept_of_the_arena_is_bounded_and_can_be_freed()
    {
        using var model = Chain(3).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1, KeptArenaBytes = 1000 });
        Assert.Equal(1000, session.Options.KeptArenaBytes);
        using var binding = session.CreateBinding();
        foreach (var count in (int[])[10_000, 5, 20_000, 20_000])
        {
            binding.CopyInput<float>(0, Numbers(count), [count, 2]);
            session.Run(binding);
            Assert.Equal(Numbers(count).Select(v => v + 3), binding.Output<float>(0).ToArray());
            Assert.Equal(1000, session.AllocatedBytes);
        }

        session.FreeArenas();
        Assert.Equal(0, session.AllocatedBytes);
        session.Run(binding);
        Assert.Equal(Numbers(20_000).Select(v => v + 3), binding.Output<float>(0).ToArray());
    }

    [Fact]
    public unsafe void The_host_may_own_the_arena()
    {
        const byte Untouched = 0xA5;
        using var model = Chain(3).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        using var binding = session.CreateBinding();
        var memory = (byte*)NativeMemory.AlignedAlloc(100_000, 64);
        try
        {
            foreach (var count in (int[])[100, 1, 700, 700])
            {
                binding.CopyInput<float>(0, Numbers(count), [count, 2]);
                var needed = model.MemoryFor([[count, 2]], new MemoryQuery { Threads = 1 }).PeakBytes;
                Assert.Equal(needed, session.ArenaBytesFor(binding));
                new Span<byte>(memory, 100_000).Fill(Untouched);

                // From a multiple of 64 on, exactly as many bytes as the plan says are used.
                var at = memory + 64 + (count % 64);
                binding.BindArena(at, needed + 63);
                session.Run(binding);
                Assert.Equal(Numbers(count).Select(v => v + 3), binding.Output<float>(0).ToArray());
                Assert.Equal(0, session.AllocatedBytes);
                var begin = (int)(((64 + (count % 64)) + 63) & -64);
                Assert.Contains(new Span<byte>(memory + begin, (int)needed).ToArray(), b => b != Untouched);
                Assert.DoesNotContain(new Span<byte>(memory, begin).ToArray(), b => b != Untouched);
                Assert.DoesNotContain(new Span<byte>(memory + begin + needed, (int)(100_000 - begin - needed)).ToArray(), b => b != Untouched);

                binding.BindArena(memory, needed - 1);
                var error = Assert.Throws<DlcRuntimeException>(() => session.Run(binding));
                Assert.Equal(RuntimeErrors.BufferTooSmall, error.Code);
                Assert.Contains($"{needed} bytes", error.Message, StringComparison.Ordinal);

                // The same dims in managed memory, then in the session's again.
                binding.BindArena(new byte[needed + 63]);
                session.Run(binding);
                Assert.Equal(Numbers(count).Select(v => v + 3), binding.Output<float>(0).ToArray());
            }
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }

        binding.UnbindArena();
        session.Run(binding);
        Assert.Equal(Numbers(700).Select(v => v + 3), binding.Output<float>(0).ToArray());
        Assert.Equal(model.MemoryFor([[700, 2]], new MemoryQuery { Threads = 1 }).PeakBytes, session.AllocatedBytes);
    }

    [Fact]
    public void The_plan_cache_is_bounded()
    {
        using var model = Chain(3).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1, PlanCacheCapacity = 4 });
        using var binding = session.CreateBinding();
        foreach (int n in new[] { 1, 2, 3, 4, 1, 5, 1, 2 })
        {
            binding.CopyInput<float>(0, Numbers(n), [n, 2]);
            session.Run(binding);
            Assert.Equal(Numbers(n).Select(v => v + 3), binding.Output<float>(0).ToArray());
        }

        // 1 2 3 4 and 5 are new; the second 1 and third 1 are there; 2 had to go for 5.
        Assert.Equal(6, session.PlansMade);
    }

    [Fact]
    public void Scratch_belongs_to_one_thread_at_a_time()
    {
        var m = new TestModel();
        int n = m.Slot("n");
        m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"));
        int bytes = m.Const(1000);
        int y = m.Output("y", ScalarType.F32, n);
        m.Main.Add(TestModel.Launch(TestKernels.UseScratch, [y], [bytes], n, -1, bytes));
        using var model = m.Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 4 });
        var y0 = session.Run(("x", Tensor.Create(new float[2000], [2000])))[0].ToArray<float>();
        Assert.Equal(Enumerable.Range(0, 2000).Select(i => (i & 255) * 1000f), y0);
    }

    [Fact]
    public void Profiles_name_every_step()
    {
        using var model = Chain(3).Load();
        var profile = new StepProfile(model);
        using var session = model.CreateSession(new SessionOptions { Threads = 1, Profile = profile });
        session.Run(("x", Tensor.Create(Numbers(4), [4, 2])));
        session.Run(("x", Tensor.Create(Numbers(4), [4, 2])));
        var times = profile.Read();
        Assert.Equal(3, times.Count);
        Assert.All(times, t => Assert.Equal(2, t.Calls));
        Assert.Equal(["node_a", "node_b"], times[0].Origins);
    }

    [Fact]
    public void A_session_outlives_its_model()
    {
        var model = Chain(1).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        model.Dispose();
        Assert.Equal([1f, 2], session.Run(("x", Tensor.Create(Numbers(1), [1, 2])))[0].ToArray<float>());
        Assert.Throws<ObjectDisposedException>(() => model.CreateSession());
    }

    [Fact]
    public void Output_dims_are_known_before_a_run_where_they_follow_from_the_inputs()
    {
        using var model = Chain(1).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        using var binding = session.CreateBinding();
        binding.CopyInput<float>("x", Numbers(5), [5, 2]);
        var dims = new long[2];
        Assert.True(session.TryGetOutputDims(binding, "y", dims));
        Assert.Equal([5, 2], dims);
    }

    [Fact]
    public void Input_dims_are_solved_from_names()
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"), InputAxis.Fixed(2));
        int twice = m.Compute("2*n", ShapeOp.Mul, n, m.Const(2));
        m.Input("z", ScalarType.F32, InputAxis.Check(twice, "2*n"), InputAxis.Bind(m.Slot("z.1"), "z.1"));
        m.Main.Add(new CopyStep { Source = x, Destination = m.Output("y", ScalarType.F32, n, m.Const(2)) });
        using var model = m.Load();
        var dims = model.SolveInputDims(new Dictionary<string, long> { ["n"] = 3, ["z.1"] = 7 });
        Assert.Equal([3, 2], dims[0]);
        Assert.Equal([6, 7], dims[1]);
        Assert.Equal([4, 2], model.SolveInputDims(new Dictionary<string, long> { ["x.0"] = 4, ["z.1"] = 7 })[0]);
        var missing = Assert.Throws<DlcRuntimeException>(() => model.SolveInputDims(new Dictionary<string, long>()));
        Assert.Equal("DLC-R112: dims are needed that were not given: n (x.0), z.1", missing.Message);
        var unknown = Assert.Throws<DlcRuntimeException>(() => model.SolveInputDims(new Dictionary<string, long> { ["m"] = 1 }));
        Assert.Equal(RuntimeErrors.UnknownName, unknown.Code);
    }

    [Fact]
    public void Outputs_must_not_overlap_inputs()
    {
        using var model = Chain(1).Load();
        using var session = model.CreateSession(new SessionOptions { Threads = 1 });
        using var binding = session.CreateBinding();
        var memory = new float[30];
        binding.BindInput<float>("x", memory.AsMemory(0, 10), [5, 2]);
        binding.BindOutput<float>("y", memory.AsMemory(8));
        Assert.Equal(RuntimeErrors.WrongLayout, Assert.Throws<DlcRuntimeException>(() => session.Run(binding)).Code);
        binding.BindOutput<float>("y", memory.AsMemory(10));
        session.Run(binding);
        Assert.Equal(1, memory[19]);
    }

    /// <summary>y = x + count, in as many launches; x is f32[n, 2].</summary>
    internal static TestModel Chain(int count)
    {
        var m = new TestModel();
        int n = m.Slot("n");
        int x = m.Input("x", ScalarType.F32, InputAxis.Bind(n, "n"), InputAxis.Fixed(2));
        int two = m.Const(2);
        int items = m.Compute("2*n", ShapeOp.Mul, n, two);
        int y = m.Output("y", ScalarType.F32, n, two);
        int from = x;
        for (int i = 0; i < count; i++)
        {
            int to = i == count - 1 ? y : m.Temp(ScalarType.F32, n, two);
            m.Main.Add(TestModel.Launch(TestKernels.AddOne, [from, to], [], items));
            from = to;
        }

        return m;
    }

    internal static float[] Numbers(int rows) => [.. Enumerable.Range(0, rows * 2).Select(i => (float)i)];
}
