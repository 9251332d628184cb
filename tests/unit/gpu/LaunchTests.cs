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
    public async Task An_awaited_run_ends_when_the_device_calls()
    {
        using var device = new PtxDevice { IsHeld = true };
        using var model = Compile(MemoryLimitTests.ForthAndBack(false));
        using var session = model.CreateSession(new SessionOptions { Device = device });
        var input = Enumerable.Range(0, Rows * Width).Select(i => MathF.Sin(i)).ToArray();
        var expected = session.Run(("x", InputTensor.From(input, Rows, Width)))[0].ToArray<float>();
        using var binding = session.CreateBinding();
        binding.BindInput("x", input, [Rows, Width]);
        var before = device.Launches;
        using var run = session.Launch(binding);
        Task[] waits = [run.WaitAsync(), run.WaitAsync()];
        Assert.Equal(before, device.Launches);
        Assert.All(waits, w => Assert.False(w.IsCompleted));
        Assert.Equal(1, device.GoOn());
        await Task.WhenAll(waits);
        Assert.Equal(expected, binding.Output<float>(0).ToArray());
        Assert.True(run.WaitAsync().IsCompletedSuccessfully);
        Assert.Equal(0, device.GoOn());

        // Others may wait as ever, and the session may go first.
        run.Dispose();
        var second = session.Launch(binding);
        var wait = second.WaitAsync();
        second.Wait();
        await wait;
        wait = session.RunAsync(binding);
        session.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wait);
        device.GoOn();
    }

    [Fact]
    public async Task A_failure_of_the_device_ends_what_is_awaited()
    {
        using var device = new PtxDevice();
        using var model = Compile(MemoryLimitTests.ForthAndBack(false));
        using var session = model.CreateSession(new SessionOptions { Device = device });
        using var binding = session.CreateBinding();
        binding.BindInput("x", new float[Rows * Width], [Rows, Width]);
        device.BeforeKernel = () => throw new DlcRuntimeException(RuntimeErrors.DeviceFailure, "lost");
        var error = await Assert.ThrowsAsync<DlcRuntimeException>(() => session.RunAsync(binding));
        Assert.Equal(RuntimeErrors.DeviceFailure, error.Code);
    }

    [Fact]
    public unsafe void Runs_at_once_may_not_share_the_memory_given_for_arenas()
    {
        using var model = Compile(MemoryLimitTests.ForthAndBack(false));
        using var session = model.CreateSession(new SessionOptions { Device = _device });
        var (from, to, expected) = OnDevice(session);
        var second = _device.Allocate(Rows * Width * sizeof(float));
        using RunBinding one = Bind(session, from, to), two = Bind(session, from, second);
        var room = (model.MemoryFor([[Rows, Width]]).PeakBytes + 127) & -64;
        var arena = (byte*)_device.Allocate(2 * room);
        one.BindArena(arena, room);
        two.BindArena(arena + room - 64, room);
        using var run = session.Launch(one);
        Assert.Equal(RuntimeErrors.WrongLayout, Assert.Throws<DlcRuntimeException>(() => session.Launch(two)).Code);
        Assert.Equal(RuntimeErrors.WrongLayout, Assert.Throws<DlcRuntimeException>(() => session.Run(two)).Code);
        Assert.True(session.ArenaBytesFor(two) > 0, "asking is not running");
        two.BindArena(arena + room, room);
        session.Launch(two).Wait();
        run.Wait();
        Assert.Equal(expected, _device.Memory.Read<float>((ulong)to, Rows * Width));
        Assert.Equal(expected, _device.Memory.Read<float>((ulong)second, Rows * Width));

        // Free again after runs, failed ones too.
        two.BindArena(arena, 64);
        Assert.Equal(RuntimeErrors.BufferTooSmall, Assert.Throws<DlcRuntimeException>(() => session.Launch(two)).Code);
        two.BindArena(arena, room);
        session.Run(two);
        session.Run(one);
    }

    [Fact]
    public void A_binding_is_run_once_at_a_time()
    {
        using var device = new PtxDevice();
        using var model = Compile(MemoryLimitTests.ForthAndBack(false));
        using var session = model.CreateSession(new SessionOptions { Device = device });
        using var binding = session.CreateBinding();
        binding.BindInput("x", new float[Rows * Width], [Rows, Width]);
        var refusals = 0;
        device.BeforeKernel = () =>
        {
            Assert.Contains("another thread", Assert.Throws<InvalidOperationException>(() => session.Run(binding)).Message, StringComparison.Ordinal);
            Assert.Throws<InvalidOperationException>(() => session.Launch(binding));
            refusals++;
        };
        session.Run(binding);
        Assert.True(refusals > 0);
        device.BeforeKernel = null;
        session.Launch(binding).Wait();
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
        using var model = Compile(LookupModel.Build());
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
