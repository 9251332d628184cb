using System.Diagnostics;
using Dlc.Peers;

namespace Dlc.Conformance;

/// <summary>
/// A process of this same program that runs cases one after another: it reads a folder a line and answers a verdict a line. A case that
/// crashes or hangs takes only its worker with it, and the next case starts another.
/// </summary>
internal sealed class Worker(string engine, TimeSpan limit) : IDisposable
{
    // Engines may print; only lines that start so are answers.
    private const string Mark = "\u0001verdict ";

    private Process? _process;
    private Task<string>? _errors;

    /// <summary>The worker's own loop, until its input ends.</summary>
    public static void Serve(IEngine engine)
    {
        while (Console.In.ReadLine() is { } folder)
        {
            Console.Out.WriteLine(Mark + CaseRunner.Run(folder, engine));
            Console.Out.Flush();
        }
    }

    /// <summary>Runs a case in the process behind this object.</summary>
    public async Task<Verdict> Run(Case @case)
    {
        var process = _process ??= Start();
        using var timeout = new CancellationTokenSource(limit);
        try
        {
            await process.StandardInput.WriteLineAsync(@case.Folder);
            await process.StandardInput.FlushAsync();
            while (await process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
            {
                if (line.StartsWith(Mark, StringComparison.Ordinal))
                {
                    return Verdict.Parse(line[Mark.Length..]);
                }
            }
        }
        catch (OperationCanceledException)
        {
            Stop();
            return new Verdict(Outcome.Fail, $"did not end within {limit.TotalSeconds:0} s");
        }
        catch (IOException)
        {
            // The pipe broke: the process is gone, which is told below.
        }

        await process.WaitForExitAsync();
        var last = (await _errors!).Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        var code = process.ExitCode;
        Stop();
        return new Verdict(Outcome.Fail, $"the process died ({(code > 128 ? $"signal {code - 128}" : $"exit code {code}")}) {last}");
    }

    /// <inheritdoc/>
    public void Dispose() => Stop();

    private Process Start()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(typeof(Worker).Assembly.Location);
        start.ArgumentList.Add("--worker");
        start.ArgumentList.Add("--engine");
        start.ArgumentList.Add(engine);

        // Started through its own executable the program needs no assembly argument.
        if (!Path.GetFileNameWithoutExtension(Environment.ProcessPath!).Equals("dotnet", StringComparison.Ordinal))
        {
            start.ArgumentList.RemoveAt(0);
        }

        // ONNX Runtime refuses opsets that were not released when it was built, unless told not to.
        start.Environment["ALLOW_RELEASED_ONNX_OPSETS_ONLY"] = "0";
        var process = Process.Start(start)!;
        _errors = process.StandardError.ReadToEndAsync();
        return process;
    }

    private void Stop()
    {
        if (_process is { } process)
        {
            _process = null;
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            process.Dispose();
        }
    }
}
