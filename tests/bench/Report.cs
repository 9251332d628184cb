using System.Globalization;
using System.Text;
using Dlc.Peers.OnnxRuntime;

namespace Dlc.Bench;

/// <summary>The tables of docs/performance.md.</summary>
internal sealed class Report
{
    private const string Begin = "<!-- bench:begin -->";
    private const string End = "<!-- bench:end -->";
    private readonly StringBuilder _text = new();

    /// <summary>Says what was measured and on what.</summary>
    public Report(Arguments arguments)
    {
        Line($"Measured with `tests/bench/run` on {Processor()}, {Environment.ProcessorCount} cores; ONNX Runtime {OrtLibrary.Version}, .NET {Environment.Version}.");
        Line($"Milliseconds are medians over {arguments.Rounds} rounds in which the engines take turns of {arguments.Slice} ms, each in a process of its own.");
        Line("\"dlc / ORT\" below 1 means that dlc is faster.");
    }

    /// <summary>A section of timings, one table a thread count.</summary>
    public void Timings(string title, IReadOnlyList<Timing> timings)
    {
        foreach (var group in timings.GroupBy(t => t.Threads))
        {
            Line($"\n### {title}, {(group.Key == 1 ? "one thread" : $"{group.Key} threads")}\n");
            Line("| model | size | dlc ms | ORT ms | dlc / ORT |");
            Line("|---|---|---:|---:|---:|");
            foreach (var t in group)
            {
                Line($"| {t.Model} | {t.Size} | {Ms(t.Ours)} | {Ms(t.Theirs)} | {Number(t.Ours / t.Theirs, 2)} |");
            }

            var ratios = group.Select(t => t.Ours / t.Theirs).ToList();
            Line($"\nGeometric mean of dlc / ORT: {Number(Math.Exp(ratios.Average(Math.Log)), 2)}; worst {Number(ratios.Max(), 2)}.");
        }
    }

    /// <summary>What a shape costs when it is new, and what a run allocates.</summary>
    public void Shapes(IReadOnlyList<NewShape> shapes)
    {
        Line("\n### New shapes\n");
        Line("What the first run at a size that the process has not seen takes more than the same run later (the largest size ran before,");
        Line("outputs lie in fresh memory both times, best of three processes), and managed memory that each later run allocates.\n");
        Line("| model | sizes | extra, worst (ms) | extra, median (ms) | managed bytes a run |");
        Line("|---|---:|---:|---:|---:|");
        foreach (var group in shapes.GroupBy(t => t.Model))
        {
            var extra = group.Select(t => Math.Max(0, t.Extra)).ToList();
            Line($"| {group.Key} | {extra.Count} | {Ms(extra.Max())} | {Ms(Statistics.Median(extra))} | {Number(group.Max(t => t.Allocated), 0)} |");
        }
    }

    /// <summary>What compiling and loading costs.</summary>
    public void Compilations(IReadOnlyList<CompileFigures> figures)
    {
        Line("\n### Compiling and loading\n");
        Line("Each in a process of its own that has done nothing before, so .NET's own start-up counts; later loads are medians of nine.\n");
        Line("| model | compile (s) | .dlcx (MB) | first load (ms) | later loads (ms) |");
        Line("|---|---:|---:|---:|---:|");
        foreach (var f in figures)
        {
            Line($"| {f.Model} | {Number(f.Seconds, 2)} | {Number(f.FileBytes / 1e6, 1)} | {Ms(f.FirstLoad)} | {Ms(f.LaterLoad)} |");
        }
    }

    /// <summary>Prints the report, and writes it between the markers of a page where one is named.</summary>
    public void Write(string? page)
    {
        Console.WriteLine(_text);
        if (page is null)
        {
            return;
        }

        var old = File.Exists(page) ? File.ReadAllText(page) : $"# Performance\n\n{Begin}\n{End}\n";
        var (begin, end) = (old.IndexOf(Begin, StringComparison.Ordinal), old.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin)
        {
            throw new BenchException($"{page} lacks the markers {Begin} and {End}");
        }

        File.WriteAllText(page, $"{old[..(begin + Begin.Length)]}\n{_text}\n{old[end..]}");
    }

    private static string Number(double value, int decimals) => value.ToString($"F{decimals}", CultureInfo.InvariantCulture);

    private static string Ms(double value) => Number(value, value < 1 ? 3 : value < 100 ? 2 : 1);

    private static string Processor()
    {
        const string key = "model name";
        var line = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? "an unknown processor";
    }

    private void Line(string text) => _text.Append(text).Append('\n');
}
