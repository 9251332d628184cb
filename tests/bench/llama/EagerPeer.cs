using System.Diagnostics;
using System.Text.Json;
using ModelBuilder;

namespace Dlc.Bench.Llama;

/// <summary>PyTorch's eager mode, in a process of its own.</summary>
internal sealed class EagerPeer : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private readonly Process _process;

    private EagerPeer(Process process, string version) => (_process, Version) = (process, version);

    public string Version { get; }

    /// <summary>By step.</summary>
    public List<double> Seconds { get; } = [];

    /// <summary>Our seconds on one thread, for the same steps.</summary>
    public List<double> Ours { get; } = [];

    /// <summary>What the process has grown by at most, beyond parameters and state.</summary>
    public long Grown { get; private set; }

    /// <summary>Starts it; null where it is not installed.</summary>
    public static EagerPeer? Start(LlamaConfig c, int batch)
    {
        if (!File.Exists(Python))
        {
            return null;
        }

        var script = Path.Combine(Peers.Repository.Root, "tests", "bench", "llama", "eager.py");
        var start = new ProcessStartInfo(Python, [script, $"{batch}", $"{c.Layers}", $"{c.Width}", $"{c.Heads}", $"{c.Inner}", $"{c.Vocabulary}", "1"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        start.Environment["OPENBLAS_NUM_THREADS"] = "1";
        start.Environment.Remove("OPENBLAS_CORETYPE");
        var process = Process.Start(start)!;
        if (process.StandardOutput.ReadLine() is { } line)
        {
            return new EagerPeer(process, JsonDocument.Parse(line).RootElement.GetProperty("version").GetString()!);
        }

        process.Dispose();
        Console.Error.WriteLine("no PyTorch");
        return null;
    }

    /// <summary>Takes a step.</summary>
    public void Step(int length)
    {
        _process.StandardInput.WriteLine(length);
        _process.StandardInput.Flush();
        var answer = JsonDocument.Parse(_process.StandardOutput.ReadLine() ?? throw new BenchException("PyTorch ended early")).RootElement;
        Seconds.Add(answer.GetProperty("seconds").GetDouble());
        Grown = answer.GetProperty("grown").GetInt64();
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
