using System.Text.Json;
using Dlc.Runtime;
using Dlc.Runtime.Device;
using Dlc.Runtime.Format;

namespace Dlc.Gpu;

/// <summary>Times kernels and models with inputs and outputs on the device, beside a copy within the device, cuBLAS and PyTorch.</summary>
internal sealed class Speed(GpuMachine machine, KitOptions options, Peers peers, GpuPage page)
{
    private const string Products = "matmul-";
    private readonly IDevice _device = machine.Device;

    /// <summary>Times what is in the folder; gives the number of models that could not run.</summary>
    public int Run(string folder)
    {
        double copy = CopyBandwidth();
        page.Line();
        page.Line($"Copy on the device: {copy / 1e9:f0} GB/s, reads and writes together ({options.CopiedBytes >> 20} MiB). Times are medians of {options.Repeats.Runs}, each run waited for.");
        using var cublas = FindCublas();
        page.Table("kernel or model", "dims", "ms", "TFLOP/s", "other, ms", "of other", "GB/s", "of copy");
        int failed = 0;
        foreach (string file in Directory.GetFiles(folder, "*.speed", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            try
            {
                Time(name, file, copy, cublas);
            }
            catch (DlcRuntimeException e)
            {
                failed++;
                page.Line($"| {name} | failed: {e.Message.ReplaceLineEndings(" ")} | | | | | | |");
            }
        }

        return failed;
    }

    private double CopyBandwidth()
    {
        var (from, to) = (_device.Allocate(options.CopiedBytes), _device.Allocate(options.CopiedBytes));
        using var queue = _device.CreateQueue();
        double seconds = Timing.Median(options.Repeats, () =>
        {
            queue.Copy(to, from, options.CopiedBytes);
            queue.Synchronise();
        });
        _device.Free(from);
        _device.Free(to);
        return 2 * options.CopiedBytes / seconds;
    }

    private Cublas? FindCublas()
    {
        // PyTorch's packages bring the library to folders that only Python knows.
        var answer = peers.Ask("""{"what":"libraries"}""");
        string[] folders = answer.TryGetProperty("folders", out var found) ? [.. found.EnumerateArray().Select(f => f.GetString()!)] : [];
        var cublas = Cublas.TryLoad(folders, out string reason);
        page.Line(cublas is null ? $"cuBLAS not loaded: {reason}. PyTorch is asked for products instead." : $"cuBLAS: {cublas.Path}, f32 without tf32.");
        page.Line("*Other* is cuBLAS for products, PyTorch's scaled_dot_product_attention for attention.");
        return cublas;
    }

    private void Time(string name, string file, double copy, Cublas? cublas)
    {
        var own = SpeedCase.Read(file);
        using var model = LoadedCase.Load(file);
        using var session = model.CreateSession(new SessionOptions { Device = _device });
        var attention = own.Peer.Length > 0 ? Attention(own) : default;
        for (int i = 0; i < own.Runs.Length; i++)
        {
            var (dims, flops, bytes) = own.Runs[i];
            using var tensors = new DeviceTensors(model, _device, dims, own.Ids);
            using var binding = session.CreateBinding();
            tensors.Bind(session, binding);
            double seconds = Timing.Median(options.Repeats, () => session.Run(binding));
            string text = string.Join(' ', dims.Select(d => $"{d.Key}={d.Value}"));
            var (other, share) = ("", "");
            if (own.Peer.Length > 0 || name.StartsWith(Products, StringComparison.Ordinal))
            {
                var (reason, theirs) = own.Peer.Length == 0 ? Product(cublas, model.Inputs[0].Type, (int)dims["n"])
                    : (attention.Reason, attention.Seconds is { } known ? known[i] : null);
                (other, share) = theirs is { } t ? ($"{t * 1e3:f3}", $"{100 * t / seconds:f0}%") : ($"not measured: {reason}", "");
            }

            page.Row(name, text, $"{seconds * 1e3:f3}", flops > 0 ? $"{flops / seconds / 1e12:f1}" : "", other, share,
                bytes > 0 ? $"{bytes / seconds / 1e9:f0}" : "", bytes > 0 ? $"{100 * bytes / seconds / copy:f0}%" : "");
        }
    }

    /// <summary>What PyTorch is asked for attention at the sizes of all runs.</summary>
    public static string Request(SpeedCase own, (int Warmups, int Runs) repeats)
    {
        string shapes = string.Join(',', own.Runs.Select(r => $"[{r.Dims["batch"]},{r.Dims["queries"]},{r.Dims["keys"]}]"));
        return $$"""{"what":"attention","warmups":{{repeats.Warmups}},"runs":{{repeats.Runs}},"shapes":[{{shapes}}],"config":{{own.Peer}}}""";
    }

    private (string Reason, double?[]? Seconds) Attention(SpeedCase own)
    {
        var answer = peers.Ask(Request(own, options.Repeats));
        return Peers.Reason(answer) is { } reason ? (reason, null)
            : ("no time was told", [.. answer.GetProperty("seconds").EnumerateArray().Select(s => s.ValueKind == JsonValueKind.Number ? s.GetDouble() : (double?)null)]);
    }

    /// <summary>Seconds of another library's product of square matrices.</summary>
    private (string Reason, double? Seconds) Product(Cublas? cublas, ScalarType type, int n)
    {
        if (cublas is null)
        {
            var answer = peers.Ask($$"""{"what":"matmul","type":"{{type}}","n":{{n}},"warmups":{{options.Repeats.Warmups}},"runs":{{options.Repeats.Runs}}}""");
            return Peers.Reason(answer) is { } reason ? (reason, null) : ("", answer.GetProperty("seconds").GetDouble());
        }

        long bytes = (long)n * n * type.SizeOf();
        nint[] blocks = [_device.Allocate(bytes), _device.Allocate(bytes), _device.Allocate(bytes)];
        int status = 0;
        double seconds = Timing.Median(options.Repeats, () =>
        {
            status |= cublas.Product(type, n, blocks[0], blocks[1], blocks[2]);
            machine.Finish();
        });
        Array.ForEach(blocks, _device.Free);
        return ($"status {status}", status == 0 ? seconds : null);
    }
}
