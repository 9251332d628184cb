using System.Runtime.InteropServices;
using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Runtime;
using Dlc.Runtime.Device;
using Dlc.Tests.Unit.Compilation;
using Xunit;

namespace Dlc.Tests.Gpu;

/// <summary>Runs that the device takes down and replays.</summary>
public sealed class DeviceGraphTests
{
    private const int Width = 24;

    [Fact]
    public void The_second_run_is_captured_and_replayed_from_then_on()
    {
        using var device = new PtxDevice();
        using var model = Compile();
        var plain = Inputs(0, 4).Select(i => Plain(device, model, i)).ToArray();
        using var session = model.CreateSession(new SessionOptions { Device = device });
        var (from, to) = (device.Allocate(3 * Width * sizeof(float)), device.Allocate(3 * Width * sizeof(float)));
        using var binding = Bind(session, from, to, 3);
        var launches = new List<int>();
        foreach (var (input, expected) in Inputs(0, 4).Zip(plain))
        {
            // What is in memory may change: only where it is counts.
            device.Memory.CopyIn((ulong)from, MemoryMarshal.AsBytes<float>(input));
            var before = device.Launches;
            session.Run(binding);
            launches.Add(device.Launches - before);
            Assert.Equal(expected, device.Memory.Read<float>((ulong)to, input.Length));
        }

        Assert.Equal(["capture", "replay", "replay", "replay"], device.Graphs);
        Assert.True(launches[0] > 1);
        Assert.All(launches, l => Assert.Equal(launches[0], l));
    }

    [Fact]
    public void Graphs_are_bounded_and_those_used_last_stay()
    {
        using var device = new PtxDevice();
        using var model = Compile();
        var session = model.CreateSession(new SessionOptions { Device = device, DeviceGraphs = 2 });
        var expected = Enumerable.Range(0, 5).Select(rows => Plain(device, model, Input(1, rows))).ToArray();

        // The arena is as large as it gets before.
        void Run(int rows) => Assert.Equal(expected[rows], session.Run(("x", InputTensor.From(Input(1, rows), rows, Width)))[0].ToArray<float>());
        Run(4);
        Run(1);
        Run(1);
        Run(2);
        Run(2);
        Assert.Equal(["capture", "replay", "capture", "replay"], device.Graphs);
        device.Graphs.Clear();
        Run(1);
        Run(3);
        Assert.Equal(["replay", "drop"], device.Graphs);
        Run(1);
        Run(3);
        Assert.Equal(["replay", "drop", "replay", "capture", "replay"], device.Graphs);
        Run(2);
        Run(3);
        Run(1);
        Run(1);
        session.Dispose();
        Assert.Equal(0, device.GraphsAlive);
        Assert.True(device.MostGraphs <= 2, $"{device.MostGraphs} graphs");
    }

    [Fact]
    public void Other_addresses_are_another_run()
    {
        using var device = new PtxDevice();
        using var model = Compile();
        using var session = model.CreateSession(new SessionOptions { Device = device });
        var bytes = 3 * Width * sizeof(float);
        var (from, to, other) = (device.Allocate(bytes), device.Allocate(bytes), device.Allocate(bytes));
        var expected = Plain(device, model, Input(2, 3));
        device.Memory.CopyIn((ulong)from, MemoryMarshal.AsBytes<float>(Input(2, 3)));
        using var binding = Bind(session, from, to, 3);
        session.Run(binding);
        session.Run(binding);
        Assert.Equal(["capture", "replay"], device.Graphs);

        // Another output: launched as it is, and then a graph of its own.
        binding.BindDeviceOutput(0, other, bytes);
        session.Run(binding);
        Assert.Equal(["capture", "replay"], device.Graphs);
        Assert.Equal(expected, device.Memory.Read<float>((ulong)other, 3 * Width));
        session.Run(binding);
        Assert.Equal(["capture", "replay", "capture", "replay"], device.Graphs);

        // Another arena.
        var room = model.MemoryFor([[3, Width]]).PeakBytes + 64;
        var arena = device.Allocate(room);
        unsafe
        {
            binding.BindArena((void*)arena, room);
        }

        device.Memory.CopyIn<byte>((ulong)other, new byte[bytes]);
        device.Graphs.Clear();
        session.Run(binding);
        Assert.Empty(device.Graphs);
        Assert.Equal(expected, device.Memory.Read<float>((ulong)other, 3 * Width));

        // Back where it was: the first graph still holds.
        binding.UnbindArena();
        binding.BindDeviceOutput(0, to, bytes);
        device.Memory.CopyIn<byte>((ulong)to, new byte[bytes]);
        session.Run(binding);
        Assert.Equal(["replay"], device.Graphs);
        Assert.Equal(expected, device.Memory.Read<float>((ulong)to, 3 * Width));
    }

    [Fact]
    public void Runs_whose_values_leave_the_device_are_graphs_too()
    {
        const int rows = 40;
        using PtxDevice device = new(), free = new();
        using var model = DlcCompiler.Compile(MemoryLimitTests.ForthAndBack(true), new CompileOptions { Target = "cuda:sm_80" });

        // Slow kernels and fast transfers: what leaves is copied, not computed again.
        var rates = new CostRates(1e6, 1e6, 1e12);
        var refusal = Assert.Throws<DlcRuntimeException>(() => model.MemoryFor([[rows, Width]], new MemoryQuery { MemoryLimit = 1, Rates = rates }));
        var least = long.Parse(refusal.Message.Split("at least ")[1].Split(' ')[0]);
        Assert.Contains(model.MemoryFor([[rows, Width]], new MemoryQuery { MemoryLimit = least, Rates = rates }).Steps, s => s.Kind == "offload");
        using var session = model.CreateSession(new SessionOptions { Device = device, MemoryLimit = least, Rates = rates });
        for (var seed = 0; seed < 4; seed++)
        {
            var input = Input(seed, rows);
            Assert.Equal(Plain(free, model, input), session.Run(("x", InputTensor.From(input, rows, Width)))[0].ToArray<float>());
        }

        Assert.Equal(["capture", "replay", "replay", "replay"], device.Graphs);
    }

    [Fact]
    public unsafe void The_device_takes_down_queues_that_fork_and_join()
    {
        using var device = new PtxDevice();
        using IDeviceQueue first = device.CreateQueue(), second = device.CreateQueue();
        var (from, to) = (device.Allocate(16), device.Allocate(16));
        device.Memory.CopyIn((ulong)from, new byte[] { 1, 2, 3, 4 });

        first.BeginCapture();
        second.WaitFor(first);
        second.Copy(to, from, 4);
        first.WaitFor(second);
        using var graph = first.EndCapture()!;
        first.Replay(graph);
        first.Synchronise();
        Assert.Equal([1, 2, 3, 4], device.Memory.Read<byte>((ulong)to, 4));

        first.BeginCapture();
        second.WaitFor(first);
        second.Copy(to, from, 4);
        Assert.Throws<InvalidOperationException>(first.EndCapture);

        first.BeginCapture();
        Assert.Throws<InvalidOperationException>(() => second.Copy(to, from, 4));
        Assert.Throws<InvalidOperationException>(() => first.WaitFor(second));
        Assert.Throws<InvalidOperationException>(() => first.CopyToHost((void*)8, from, 4));
        first.EndCapture()!.Dispose();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Without_graphs_runs_are_launched_as_ever(bool canCapture, bool capturesFail)
    {
        using var device = new PtxDevice { CanCapture = canCapture, CapturesFail = capturesFail };
        using var model = Compile();
        using var session = model.CreateSession(new SessionOptions { Device = device });
        foreach (var input in Inputs(3, 4))
        {
            Assert.Equal(Plain(device, model, input), session.Run(("x", InputTensor.From(input, 3, Width)))[0].ToArray<float>());
        }

        Assert.Equal(["capture"], device.Graphs);
    }

    [Fact]
    public void They_can_be_switched_off()
    {
        using var device = new PtxDevice();
        using var model = Compile();
        foreach (var input in Inputs(4, 3))
        {
            Plain(device, model, input);
        }

        using var session = model.CreateSession(new SessionOptions { Device = device, DeviceGraphs = 0 });
        for (var i = 0; i < 3; i++)
        {
            session.Run(("x", InputTensor.From(Input(4, 3), 3, Width)));
        }

        Assert.Empty(device.Graphs);
    }

    [Fact]
    public void Failed_checks_are_told_by_replays_too_and_launches_replay()
    {
        using var device = new PtxDevice();
        using var model = DlcCompiler.Compile(LookupModel.Build(), new CompileOptions { Target = "cuda:sm_80" });
        using var session = model.CreateSession(new SessionOptions { Device = device });
        using var binding = session.CreateBinding();
        long[] which = [1, 3, 2];
        binding.BindInput("table", new float[] { 1, 2, 3, 4 }, [4]);
        binding.BindInput("ids", which, [3]);
        session.Run(binding);
        session.Launch(binding, 7).Wait();
        which[1] = 4;
        Assert.Equal(RuntimeErrors.KernelCheck, Assert.Throws<DlcRuntimeException>(() => session.Run(binding)).Code);
        which[1] = 0;
        session.Launch(binding).Wait();
        Assert.Equal([2, 1, 3], binding.Output<float>(0).ToArray());
        Assert.Equal(["capture", "replay", "replay", "replay"], device.Graphs);
    }

    [Fact]
    public void Where_the_host_reads_on_the_way_there_are_none()
    {
        var module = new Module("sized");
        var builder = new GraphBuilder(module);
        var count = builder.Input(new TensorType(ElementType.Int64, []), "count");
        var k = module.Facts.NewDim("K");
        builder.AddNode(new BindDim(k), [count]);
        module.Main = builder.Build([builder.Add(new Iota(ElementType.Int64, new Shape([k * 2]), 0), [])]);
        module.OutputNames = ["y"];
        using var device = new PtxDevice();
        using var model = DlcCompiler.Compile(module, new CompileOptions { Target = "cuda:sm_80" });
        using var session = model.CreateSession(new SessionOptions { Device = device });
        using var binding = session.CreateBinding();
        long[] number = [2];
        binding.BindInput("count", number, []);
        for (var i = 0; i < 3; i++)
        {
            number[0] = i;
            session.Launch(binding).Wait();
            Assert.Equal(Enumerable.Range(0, 2 * i).Select(e => (long)e), binding.Output<long>(0).ToArray());
        }

        Assert.Empty(device.Graphs);
    }

    private static CompiledModel Compile() => DlcCompiler.Compile(MemoryLimitTests.ForthAndBack(false), new CompileOptions { Target = "cuda:sm_80" });

    private static float[] Input(int seed, int rows) => [.. Enumerable.Range(0, rows * Width).Select(i => MathF.Sin(i + (100 * seed)))];

    private static IEnumerable<float[]> Inputs(int seed, int count) => Enumerable.Range(0, count).Select(i => Input(seed + i, 3));

    /// <summary>What a session gives that runs once.</summary>
    private static float[] Plain(PtxDevice device, CompiledModel model, float[] input)
    {
        using var session = model.CreateSession(new SessionOptions { Device = device });
        return session.Run(("x", InputTensor.From(input, input.Length / Width, Width)))[0].ToArray<float>();
    }

    private static RunBinding Bind(Session session, nint from, nint to, int rows)
    {
        var binding = session.CreateBinding();
        binding.BindDeviceInput("x", from, rows * Width * sizeof(float), [rows, Width]);
        binding.BindDeviceOutput(0, to, rows * Width * sizeof(float));
        return binding;
    }
}
