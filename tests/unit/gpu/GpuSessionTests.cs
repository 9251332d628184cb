using System.Runtime.InteropServices;
using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Runtime;
using Dlc.Runtime.Cuda;
using Dlc.Tests.Unit.Compilation;
using Xunit;

namespace Dlc.Tests.Gpu;

/// <summary>Sessions on a device: the same plans, limits, checks and files as on a processor.</summary>
public sealed class GpuSessionTests
{
    private const int Width = 24;

    [NoGpuFact]
    public void Without_a_driver_the_error_says_what_was_looked_for()
    {
        using var model = DlcCompiler.Compile(MemoryLimitTests.ForthAndBack(false), new CompileOptions { Target = "cuda:sm_90" });
        var error = Assert.Throws<DlcRuntimeException>(() => model.CreateSession());
        Assert.Equal(RuntimeErrors.UnsupportedDevice, error.Code);
        Assert.Contains("NVIDIA", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Code_for_a_newer_GPU_is_refused()
    {
        using var device = new PtxDevice(80);
        using var model = DlcCompiler.Compile(MemoryLimitTests.ForthAndBack(false), new CompileOptions { Target = "cuda:sm_90" });
        var error = Assert.Throws<DlcRuntimeException>(() => model.CreateSession(new SessionOptions { Device = device }));
        Assert.Contains("newer GPU", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_runs_like_the_model_it_was_made_of_and_frees_all_memory()
    {
        var path = Path.Combine(Path.GetTempPath(), $"gpu-{Guid.NewGuid():n}.dlcx");
        var input = Enumerable.Range(0, 3 * Width).Select(i => MathF.Sin(i)).ToArray();
        using var device = new PtxDevice();
        try
        {
            var compiled = DlcCompiler.Build(MemoryLimitTests.ForthAndBack(false), new CompileOptions { Target = "cuda:sm_80" });
            compiled.Save(path);
            var results = new List<float[]>();
            foreach (var open in new Func<CompiledModel>[] { compiled.Load, () => CompiledModel.Load(path) })
            {
                using var model = open();
                using var session = model.CreateSession(new SessionOptions { Device = device });
                results.Add(session.Run(("x", InputTensor.From(input, 3, Width)))[0].ToArray<float>());
                results.Add(session.Run(("x", InputTensor.From(input, 3, Width)))[0].ToArray<float>());
            }

            using var processor = DlcCompiler.Compile(MemoryLimitTests.ForthAndBack(false));
            using var reference = processor.CreateSession();
            var expected = reference.Run(("x", InputTensor.From(input, 3, Width)))[0].ToArray<float>();
            Assert.All(results, r => Assert.All(expected.Zip(r), p => Assert.Equal(p.First, p.Second, 1e-4f)));
            Assert.All(results, r => Assert.Equal(results[0], r));
        }
        finally
        {
            File.Delete(path);
        }

        Assert.Equal(0, device.Allocated);
    }

    [Fact]
    public void Bits_are_the_same_under_a_limit_that_makes_values_leave_the_device()
    {
        const int rows = 40;

        // A device outlives what is on it.
        using PtxDevice whole = new(), three = new(), half = new();
        using var model = DlcCompiler.Compile(MemoryLimitTests.ForthAndBack(true), new CompileOptions { Target = "cuda:sm_90" });
        var input = Enumerable.Range(0, rows * Width).Select(i => MathF.Cos(i)).ToArray();
        var report = model.MemoryFor([[rows, Width]]);
        var outside = report.WeightBytes + report.InputBytes + report.OutputBytes;
        float[]? expected = null;
        var moved = 0L;

        // Slow kernels and fast transfers: what leaves is copied, not computed again.
        var rates = new CostRates(1e6, 1e6, 1e12);
        var refusal = Assert.Throws<DlcRuntimeException>(() => model.MemoryFor([[rows, Width]], new MemoryQuery { MemoryLimit = 1, Rates = rates }));
        var least = long.Parse(refusal.Message.Split("at least ")[1].Split(' ')[0]);
        foreach (var (device, limit) in new[] { (whole, outside + report.PeakBytes), (three, (outside + report.PeakBytes + least) / 2), (half, least) })
        {
            using var session = model.CreateSession(new SessionOptions { Device = device, MemoryLimit = limit, Rates = rates });
            var before = device.Allocated;
            var found = session.Run(("x", InputTensor.From(input, rows, Width)))[0].ToArray<float>();
            expected ??= found;
            Assert.Equal(expected, found);
            Assert.True(device.HighWater - before <= limit - report.WeightBytes + 256, $"{device.HighWater - before} bytes under {limit}");
            moved = Math.Max(moved, device.HostAllocations);
        }

        Assert.True(moved > 1 << 10, "something left the device");
    }

    [Fact]
    public void What_data_decides_stays_within_the_limit_of_the_device()
    {
        using PtxDevice device = new(), tight = new();
        using var model = DlcCompiler.Compile(LateSizesLimitTests.Model(3), new CompileOptions { Target = "cuda:sm_80" });
        using var free = model.CreateSession(new SessionOptions { Device = device });
        var expected = LateSizesLimitTests.Run(free, 100);
        free.Dispose();
        var least = LateSizesLimitTests.LeastFor(model, 100, device);
        var planned = 0L;
        foreach (var limit in new[] { least, least + 2048, least + 8192, least * 3 / 2 })
        {
            using var session = model.CreateSession(new SessionOptions { Device = device, MemoryLimit = limit });
            for (var run = 0; run < 3; run++)
            {
                Assert.Equal(expected, LateSizesLimitTests.Run(session, 100));
            }

            planned += session.PlansMadeInRuns;
            Assert.True(session.MostCounted <= limit);
        }

        Assert.True(planned > 2, $"{planned} plans in runs");
        using var last = model.CreateSession(new SessionOptions { Device = tight, MemoryLimit = least });
        var before = tight.Allocated;
        Assert.Equal(expected, LateSizesLimitTests.Run(last, 100));
        Assert.True(tight.HighWater - before <= least - model.Executable.Model.WeightBytes + 256, $"{tight.HighWater - before} bytes under {least}");
    }

    [Fact]
    public unsafe void Inputs_and_outputs_may_lie_on_the_device()
    {
        const int rows = 5;
        using var device = new PtxDevice();
        using var model = DlcCompiler.Compile(MemoryLimitTests.ForthAndBack(false), new CompileOptions { Target = "cuda:sm_80" });
        using var session = model.CreateSession(new SessionOptions { Device = device });
        var input = Enumerable.Range(0, rows * Width).Select(i => MathF.Sin(i)).ToArray();
        var expected = session.Run(("x", InputTensor.From(input, rows, Width)))[0].ToArray<float>();
        var bytes = input.Length * sizeof(float);
        var (from, to) = (device.Allocate(bytes), device.Allocate(bytes));
        device.Memory.CopyIn((ulong)from, MemoryMarshal.AsBytes<float>(input));
        using var binding = session.CreateBinding();
        binding.BindDeviceInput("x", from, bytes, [rows, Width]);
        binding.BindDeviceOutput(0, to, bytes);
        session.Run(binding);
        Assert.Equal(expected, device.Memory.Read<float>((ulong)to, input.Length));
        Assert.Throws<DlcRuntimeException>(() => binding.BindDeviceInput("x", from + 4, bytes, [rows, Width]));
    }

    [Fact]
    public void A_failed_check_is_told_after_the_run()
    {
        using var device = new PtxDevice();
        using var model = DlcCompiler.Compile(LookupModel.Build(), new CompileOptions { Target = "cuda:sm_80" });
        using var session = model.CreateSession(new SessionOptions { Device = device });
        float[] Run(params long[] which) =>
            session.Run(("table", InputTensor.From(new float[] { 1, 2, 3, 4 }, 4)), ("ids", InputTensor.From(which, which.Length)))[0].ToArray<float>();

        Assert.Equal([4, 1, 3], Run(3, 0, -2));
        Assert.Equal(RuntimeErrors.KernelCheck, Assert.Throws<DlcRuntimeException>(() => Run(1, 4, 2)).Code);
        Assert.Equal([2], Run(1));
    }

    [Fact]
    public void Long_rows_are_reduced_by_blocks()
    {
        const int width = 1100;
        var module = new Module("rows");
        var builder = new GraphBuilder(module);
        var n = module.Facts.NewDim("n");
        var x = builder.Input(new TensorType(ElementType.Float32, new Shape([n, module.Dims.Const(width)])), "x");
        var max = builder.Add(new Reduce(ReduceKind.Max, [1]), [x]);
        var e = builder.Add(new Exp(), [builder.Add(new Sub(), [x, max])]);
        module.Main = builder.Build([builder.Add(new Div(), [e, builder.Add(new Reduce(ReduceKind.Sum, [1]), [e])])]);
        module.OutputNames = ["y"];
        using var device = new PtxDevice();
        using var model = DlcCompiler.Compile(module, new CompileOptions { Target = "cuda:sm_80" });
        using var session = model.CreateSession(new SessionOptions { Device = device });
        foreach (var rows in new[] { 0, 1, 3 })
        {
            var input = Enumerable.Range(0, rows * width).Select(i => MathF.Sin(i) * 4).ToArray();
            var found = session.Run(("x", InputTensor.From(input, rows, width)))[0].ToArray<float>();
            for (var r = 0; r < rows; r++)
            {
                var row = input.AsSpan(r * width, width).ToArray();
                var sum = row.Sum(v => Math.Exp(v));
                Assert.All(row.Zip(found.AsSpan(r * width, width).ToArray()), p => Assert.Equal(Math.Exp(p.First) / sum, p.Second, 1e-6));
            }
        }
    }
}
