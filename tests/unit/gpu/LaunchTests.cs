using System.Runtime.InteropServices;
using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Runtime;
using Dlc.Tests.Unit.Compilation;
using Xunit;

namespace Dlc.Tests.Gpu;

/// <summary>Runs that return before the device has done them.</summary>
public sealed class LaunchTests : IDisposable
{
    private const int Width = 24;
    private const int Rows = 3;

    private readonly PtxDevice _device = new();

    public void Dispose() => _device.Dispose();

    [Fact]
    public void A_launch_returns_before_the_work_is_done()
    {
        using var model = Compile(MemoryLimitTests.ForthAndBack(false));
        using var session = model.CreateSession(new SessionOptions { Device = _device });
        var (from, to, expected) = OnDevice(session);
        using var binding = Bind(session, from, to);
        var before = _device.Launches;
        var run = session.Launch(binding);
        Assert.Equal(before, _device.Launches);
        Assert.False(run.IsDone);
        Assert.Equal([Rows, Width], binding.OutputDims(0).ToArray());
        run.Wait();
        Assert.True(run.IsDone);
        Assert.True(_device.Launches > before);
        Assert.Equal(expected, _device.Memory.Read<float>((ulong)to, Rows * Width));
        run.Wait();
    }

    [Fact]
    public async Task Runs_at_once_have_arenas_of_their_own_and_may_be_awaited()
    {
        using var model = Compile(MemoryLimitTests.ForthAndBack(false));
        using var session = model.CreateSession(new SessionOptions { Device = _device });
        var (from, to, expected) = OnDevice(session);
        var second = _device.Allocate(Rows * Width * sizeof(float));
        using RunBinding one = Bind(session, from, to), two = Bind(session, from, second);
        await Task.WhenAll(session.RunAsync(one), session.RunAsync(two));
        Assert.Equal(expected, _device.Memory.Read<float>((ulong)to, Rows * Width));
        Assert.Equal(expected, _device.Memory.Read<float>((ulong)second, Rows * Width));
    }

    [Fact]
    public void Outputs_on_the_host_are_there_after_the_wait()
    {
        using var model = Compile(MemoryLimitTests.ForthAndBack(false));
        using var session = model.CreateSession(new SessionOptions { Device = _device });
        var (from, _, expected) = OnDevice(session);
        using var binding = session.CreateBinding();
        binding.BindDeviceInput("x", from, expected.Length * sizeof(float), [Rows, Width]);
        var run = session.Launch(binding);
        Assert.Throws<InvalidOperationException>(() => binding.Output<float>(0).Length);
        run.Wait();
        Assert.Equal(expected, binding.Output<float>(0).ToArray());
    }

    [Fact]
    public void The_binding_belongs_to_the_run_until_it_was_waited_for()
    {
        using var model = Compile(MemoryLimitTests.ForthAndBack(false));
        using var session = model.CreateSession(new SessionOptions { Device = _device });
        var (from, to, expected) = OnDevice(session);
        var binding = Bind(session, from, to);
        var run = session.Launch(binding);
        foreach (var use in new Action[]
        {
            () => session.Run(binding),
            () => session.Launch(binding),
            () => session.ArenaBytesFor(binding),
            () => binding.SetInputDims("x", [1, Width]),
            () => binding.BindDeviceInput("x", from, expected.Length * sizeof(float), [Rows, Width]),
            () => binding.BindDeviceOutput(0, to, expected.Length * sizeof(float)),
            () => binding.UnbindOutput(0),
            binding.UnbindArena,
        })
        {
            Assert.Contains("not yet waited for", Assert.Throws<InvalidOperationException>(use).Message, StringComparison.Ordinal);
        }

        run.Wait();
        session.Run(binding);
        var last = session.Launch(binding);
        binding.Dispose();
        Assert.True(last.IsDone, "disposing the binding waits");
        Assert.Equal(expected, _device.Memory.Read<float>((ulong)to, Rows * Width));
    }

    [Fact]
    public void A_session_that_is_disposed_waits_for_its_runs()
    {
        using var model = Compile(MemoryLimitTests.ForthAndBack(false));
        var session = model.CreateSession(new SessionOptions { Device = _device });
        var (from, to, expected) = OnDevice(session);
        using var binding = Bind(session, from, to);
        var run = session.Launch(binding);
        session.Dispose();
        Assert.Equal(expected, _device.Memory.Read<float>((ulong)to, Rows * Width));
        Assert.Throws<ObjectDisposedException>(run.Wait);
        Assert.True(run.IsDone);
    }

    [Fact]
    public void A_run_takes_its_place_in_a_queue_of_the_host()
    {
        using var model = Compile(MemoryLimitTests.ForthAndBack(false));
        using var session = model.CreateSession(new SessionOptions { Device = _device });
        var (source, to, expected) = OnDevice(session);
        var bytes = expected.Length * sizeof(float);
        var (from, after) = (_device.Allocate(bytes), _device.Allocate(bytes));
        using var binding = Bind(session, from, to);
        for (nint stream = 0; stream < 2; stream++)
        {
            _device.Memory.CopyIn<byte>((ulong)from, new byte[bytes]);
            var host = _device.HostQueue(stream);
            host.Copy(from, source, bytes);
            using var run = session.Launch(binding, stream);
            host.Copy(after, to, bytes);
            Assert.False(run.IsDone);
            host.Synchronise();
            Assert.True(run.IsDone);
            Assert.Equal(expected, _device.Memory.Read<float>((ulong)after, Rows * Width));
        }
    }

    [Fact]
    public void A_failed_check_is_told_by_every_wait()
    {
        var module = new Module("lookup");
        var builder = new GraphBuilder(module);
        var n = module.Facts.NewDim("n");
        var table = builder.Input(new TensorType(ElementType.Float32, new Shape([module.Dims.Const(4)])), "table");
        var ids = builder.Input(new TensorType(ElementType.Int64, new Shape([n])), "ids");
        module.Main = builder.Build([builder.Add(new Gather(0), [table, ids])]);
        module.OutputNames = ["y"];
        using var model = Compile(module);
        using var session = model.CreateSession(new SessionOptions { Device = _device });
        using var binding = session.CreateBinding();
        long[] which = [1, 4, 2];
        binding.BindInput("table", new float[] { 1, 2, 3, 4 }, [4]);
        binding.BindInput("ids", which, [3]);
        var run = session.Launch(binding);
        Assert.Equal(RuntimeErrors.KernelCheck, Assert.Throws<DlcRuntimeException>(run.Wait).Code);
        Assert.Equal(RuntimeErrors.KernelCheck, Assert.Throws<DlcRuntimeException>(run.Wait).Code);
        which[1] = 0;
        session.Launch(binding).Wait();
        Assert.Equal([2, 1, 3], binding.Output<float>(0).ToArray());
    }

    [Fact]
    public void Wrong_inputs_are_told_at_once_and_the_processor_has_nothing_to_launch_on()
    {
        using var model = Compile(MemoryLimitTests.ForthAndBack(false));
        using var session = model.CreateSession(new SessionOptions { Device = _device });
        using var binding = session.CreateBinding();
        Assert.Equal(RuntimeErrors.MissingInput, Assert.Throws<DlcRuntimeException>(() => session.Launch(binding)).Code);
        Assert.Equal(RuntimeErrors.MissingInput, Assert.Throws<DlcRuntimeException>(() => session.Launch(binding)).Code);
        using var processor = DlcCompiler.Compile(MemoryLimitTests.ForthAndBack(false));
        using var other = processor.CreateSession();
        using var there = other.CreateBinding();
        Assert.Equal(RuntimeErrors.UnsupportedDevice, Assert.Throws<DlcRuntimeException>(() => other.Launch(there)).Code);
    }

    private static CompiledModel Compile(Module module) => DlcCompiler.Compile(module, new CompileOptions { Target = "cuda:sm_80" });

    private static RunBinding Bind(Session session, nint from, nint to)
    {
        var binding = session.CreateBinding();
        binding.BindDeviceInput("x", from, Rows * Width * sizeof(float), [Rows, Width]);
        binding.BindDeviceOutput(0, to, Rows * Width * sizeof(float));
        return binding;
    }

    private (nint From, nint To, float[] Expected) OnDevice(Session session)
    {
        var input = Enumerable.Range(0, Rows * Width).Select(i => MathF.Sin(i)).ToArray();
        var expected = session.Run(("x", InputTensor.From(input, Rows, Width)))[0].ToArray<float>();
        var from = _device.Allocate(input.Length * sizeof(float));
        _device.Memory.CopyIn((ulong)from, MemoryMarshal.AsBytes<float>(input));
        return (from, _device.Allocate(input.Length * sizeof(float)), expected);
    }
}
