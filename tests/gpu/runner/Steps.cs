using Dlc.Runtime;

namespace Dlc.Gpu;

/// <summary>Times training steps within memory limits, with values that leave the device and come back.</summary>
internal sealed class Steps(GpuMachine machine, KitOptions options, GpuPage page)
{
    /// <summary>Device memory beside what a plan counts: code of kernels, the driver's own.</summary>
    private const long Spare = 512L << 20;

    /// <summary>Computing again never pays, so that whatever leaves is moved.</summary>
    private static readonly CostRates MovingOnly = new(1e3, 1e3, 1e12);

    /// <summary>Runs what is in the folder; gives the number of steps that failed.</summary>
    public int Run(string folder)
    {
        string[] files = [.. Directory.GetFiles(folder, "*.step", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        if (files.Length == 0)
        {
            return 0;
        }

        page.Line();
        page.Line($"Training steps (loss, gradients, AdamW), f32, weights made up on the device; medians of {options.StepRepeats.Runs} after {options.StepRepeats.Warmups}. *Memory* is all that the step holds on the device.");
        page.Table("step", "dims", "limit", "memory, GB", "arena, GB", "ms", "against no limit", "recomputed operations", "moved out, MB", "first loss");
        return files.Sum(Run);

        int Run(string file)
        {
            try
            {
                return Time(file);
            }
            catch (DlcRuntimeException e)
            {
                page.Row(Path.GetFileNameWithoutExtension(file), "", $"failed: {e.Message}", "", "", "", "", "", "", "");
                return 1;
            }
        }
    }

    private int Time(string file)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        var own = SpeedCase.Read(file);
        using var model = LoadedCase.Load(file);
        int failed = 0;
        foreach (var (dims, _, _) in own.Runs)
        {
            string text = string.Join(' ', dims.Select(d => $"{d.Key}={d.Value}"));
            var whole = model.MemoryFor(dims, new MemoryQuery { Threads = 1, MemoryLimit = long.MaxValue });
            long outside = whole.TotalBytes - whole.PeakBytes;
            var ways = new List<(string Label, long Limit, CostRates Rates)>();
            if (own.Shares.Length > 0)
            {
                ways.Add(("none", long.MaxValue, CostRates.Default));
            }

            foreach (double share in own.Shares)
            {
                long limit = outside + (long)(share * whole.PeakBytes);
                ways.Add(($"{100 * share:f0}% of the arena", limit, CostRates.Default));
                ways.Add(($"{100 * share:f0}% of the arena, moving only", limit, MovingOnly));
            }

            if (own.MemoryLimit > 0)
            {
                ways.Add(($"{own.MemoryLimit / 1e9:g4} GB", (long)own.MemoryLimit, CostRates.Default));
            }

            double plain = 0;
            foreach (var way in ways)
            {
                failed += Time(name, text, own, model, dims, way, ref plain) ? 0 : 1;
            }
        }

        return failed;
    }

    private bool Time(
        string name, string text, SpeedCase own, CompiledModel model, Dictionary<string, long> dims, (string Label, long Limit, CostRates Rates) way, ref double plain)
    {
        void Skip(string reason) => page.Row(name, text, way.Label, reason, "", "", "", "", "", "");
        MemoryReport plan;
        try
        {
            plan = model.MemoryFor(dims, new MemoryQuery { Threads = 1, MemoryLimit = way.Limit, Rates = way.Rates });
        }
        catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.MemoryLimit)
        {
            Skip($"no plan: {e.Message}");
            return true;
        }

        long free = machine.FreeBytes();
        if (free - Spare < plan.TotalBytes)
        {
            Skip($"skipped: needs {plan.TotalBytes / 1e9:f2} GB of device memory and {Spare >> 20} MiB to spare, {free / 1e9:f2} GB are free");
            return true;
        }

        if (HostBytes() < plan.HostBytes)
        {
            Skip($"skipped: moves {plan.HostBytes / 1e9:f2} GB to the host, which has {HostBytes() / 1e9:f2} GB");
            return true;
        }

        using var tensors = new DeviceTensors(model, machine.Device, dims, own.Ids);
        using var session = model.CreateSession(new SessionOptions { Device = machine.Device, MemoryLimit = way.Limit, Rates = way.Rates });
        using var binding = session.CreateBinding();
        tensors.Bind(session, binding);
        session.Run(binding);
        float loss = BitConverter.UInt32BitsToSingle(tensors.First(0));
        double seconds = Timing.Median((options.StepRepeats.Warmups - 1, options.StepRepeats.Runs), () => session.Run(binding));
        if (way.Limit == long.MaxValue)
        {
            plain = seconds;
        }

        double again = plan.Steps.Where(s => s.Kind == "recompute").Sum(s => s.Flops) / plan.Steps.Where(s => s.Kind != "recompute").Sum(s => s.Flops);
        long moved = plan.Steps.Where(s => s.Kind == "offload").Sum(s => s.Reads.Sum(r => plan.Buffers.Where(b => b.Name == r).Select(b => b.Bytes).FirstOrDefault()));
        page.Row(name, text, way.Label, $"{plan.TotalBytes / 1e9:f2}", $"{plan.PeakBytes / 1e9:f2}", $"{seconds * 1e3:f1}", plain > 0 ? $"{seconds / plain:f3}" : "", $"{100 * again:f2}%",
            $"{moved / 1e6:0.###}", $"{loss:f6}");
        if (float.IsFinite(loss))
        {
            return true;
        }

        Console.WriteLine($"fail {name} {text} {way.Label}: the loss is {loss}");
        return false;
    }

    private static long HostBytes() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
}
