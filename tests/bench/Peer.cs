using System.Diagnostics;
using System.Globalization;

namespace Dlc.Bench;

/// <summary>The other end of a <see cref="Worker"/> process.</summary>
internal sealed class Peer : IDisposable
{
    /// <summary>What starts an answer; other lines are the engine's own talk.</summary>
    public const string Mark = "\u0001";

    private readonly Process _process;

    /// <summary>Starts a process that runs the engine of that name.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="isSettled">Compile managed code once and for all: hot methods compiled again later would count as growing memory.</param>
    public Peer(string engine, bool isSettled = false)
    {
        Engine = engine;
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!).Equals("dotnet", StringComparison.Ordinal))
        {
            start.ArgumentList.Add(typeof(Peer).Assembly.Location);
        }

        if (isSettled)
        {
            start.Environment["DOTNET_TieredCompilation"] = "0";
        }

        start.ArgumentList.Add("--worker");
        start.ArgumentList.Add(engine);
        _process = Process.Start(start)!;
    }

    /// <summary>The engine's name.</summary>
    public string Engine { get; }

    /// <summary>Loads or compiles a model; milliseconds it took.</summary>
    public double Load(string model, int threads) => Ask($"load {model} {threads}")[0];

    /// <summary>Puts the inputs of a size in place and runs once; milliseconds of that run.</summary>
    public double Case(string label) => Ask($"case {label}")[0];

    /// <summary>Runs for a while; milliseconds of each run.</summary>
    public double[] Time(int milliseconds) => Ask($"time {milliseconds}");

    /// <summary>Managed bytes that a run allocates.</summary>
    public double Allocated() => Ask("allocated")[0];

    /// <summary>Compiles a model to a file; milliseconds of all stages.</summary>
    public double Compile(string model, string file) => Ask($"compile {model} {file}")[0];

    /// <summary>Loads a compiled file to run it; resident bytes after that.</summary>
    public double Map(string model, string file, int threads) => Ask($"mapped {model} {file} {threads}")[0];

    /// <summary>Puts inputs of these sizes in place, without running; resident bytes after that.</summary>
    public double Bind(string sizes) => Ask($"bind {sizes}")[0];

    /// <summary>Runs what was bound once; resident bytes after that.</summary>
    public double Run() => Ask("run")[0];

    /// <summary>Runs at sizes drawn anew each time; resident bytes after run 200 and after the last.</summary>
    public double[] Soak(int runs) => Ask($"soak {runs}");

    /// <summary>Loads a compiled file; milliseconds.</summary>
    public double Open(string file) => Ask($"open {file}")[0];

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private double[] Ask(string command)
    {
        _process.StandardInput.WriteLine(command);
        _process.StandardInput.Flush();
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith(Mark + "error ", StringComparison.Ordinal))
            {
                throw new BenchException($"{Engine}: {command}: {line[(Mark.Length + 6)..]}");
            }

            if (line.StartsWith(Mark, StringComparison.Ordinal))
            {
                return [.. line[Mark.Length..].Split(' ').Select(t => double.Parse(t, CultureInfo.InvariantCulture))];
            }
        }

        throw new BenchException($"{Engine}: {command}: the process ended");
    }
}
