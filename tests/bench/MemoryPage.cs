using System.Globalization;
using System.Text;
using Dlc.Peers.OnnxRuntime;

namespace Dlc.Bench;

/// <summary>The tables of docs/memory.md.</summary>
internal sealed class MemoryPage(int threads)
{
    private readonly StringBuilder _text = new();

    /// <summary>Prints the tables, and writes them between the markers of a page where one is named.</summary>
    public void Write(IReadOnlyList<MemoryFigures> figures, IReadOnlyList<SoakFigures> soaks, IReadOnlyList<PlanFigures> plans, string? page)
    {
        Line($"Measured with `tests/bench/memory`: {threads} threads, ONNX Runtime {OrtLibrary.Version}, .NET {Environment.Version}. Sizes are MiB. *Grows* is what a");
        Line("process that has loaded the model and its inputs, and nothing else, takes more after its first run and then after its second (resident memory without");
        Line("pages of files, from `/proc/self/statm`). It holds the outputs, which the arena does not, and for dlc about 1 MiB of .NET's own for code run first.");
        Line("\n### All sizes of a network together\n");
        Line("| network | arena | lower bound | arena / bound, worst | in the model's order | outputs | dlc grows | ORT grows | (arena + outputs) / ORT | dlc / ORT |");
        Line("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var group in figures.GroupBy(f => f.Model))
        {
            var (arena, outputs) = (group.Sum(f => f.Arena), group.Sum(f => f.Outputs));
            var (ours, theirs) = (group.Sum(f => Both(f.Ours)), group.Sum(f => Both(f.Theirs)));
            Line($"| {group.Key} | {Size(arena)} | {Size(group.Sum(f => f.Bound))} | {Number(group.Max(f => f.Arena / f.Bound), 3)} | {Size(group.Sum(f => f.Unordered))} "
                + $"| {Size(outputs)} | {Size(ours)} | {Size(theirs)} | {Number((arena + outputs) / theirs, 2)} | {Number(ours / theirs, 2)} |");
        }

        Line("\n### Each size\n");
        Line("| network | dims | arena | lower bound | in the model's order | outputs | dlc grows, first + second run | ORT grows, first + second run |");
        Line("|---|---|---:|---:|---:|---:|---:|---:|");
        foreach (var f in figures)
        {
            Line($"| {f.Model} | {Dims(f.Size)} | {Size(f.Arena)} | {Size(f.Bound)} | {Size(f.Unordered)} | {Size(f.Outputs)} "
                + $"| {Size(f.Ours.First)} + {Size(f.Ours.Second)} | {Size(f.Theirs.First)} + {Size(f.Theirs.Second)} |");
        }

        if (soaks.Count > 0)
        {
            Line($"\n### Resident memory over {soaks[0].Runs} runs, each at other dims\n");
            Line("Both engines in a .NET process that compiles managed code once (`DOTNET_TieredCompilation=0`), after a collection. "
                + "The same 50 sizes come before both moments, since arenas follow the sizes of the last runs.\n");
            Line("| network | dlc after run 200 | at the end | growth | ORT after run 200 | at the end | growth |");
            Line("|---|---:|---:|---:|---:|---:|---:|");
            foreach (var s in soaks)
            {
                Line($"| {s.Model} | {Size(s.Ours[0])} | {Size(s.Ours[1])} | {Percent(s.Ours)} | {Size(s.Theirs[0])} | {Size(s.Theirs[1])} | {Percent(s.Theirs)} |");
            }
        }

        Line("\n### Planning\n");
        Line("New dims: milliseconds of `MemoryFor` (the plan and its report) at 200 drawn dims. Dims met before: microseconds until a session has its plan.\n");
        Line("| network | new dims, ms: median | 95% within | met before, us |");
        Line("|---|---:|---:|---:|");
        foreach (var plan in plans)
        {
            Line($"| {plan.Model} | {Number(plan.Median, 3)} | {Number(plan.Most, 3)} | {Number(plan.Cached, 2)} |");
        }

        Console.WriteLine(_text);
        if (page is not null)
        {
            PageSection.Replace(page, "memory", _text.ToString());
        }
    }

    // Paddle's names say nothing and fill the table.
    private static string Dims(string size) => size.Replace("p2o.DynamicDimension.", "", StringComparison.Ordinal).Replace(",", ", ", StringComparison.Ordinal);

    private static double Both((double First, double Second) growth) => Math.Max(0, growth.First + growth.Second);

    private static string Percent(double[] resident) => $"{Number(100 * ((resident[1] / resident[0]) - 1), 1)}%";

    private static string Size(double bytes)
    {
        var size = bytes / (1 << 20);
        return Number(size, Math.Abs(size) < 10 ? 2 : 1);
    }

    private static string Number(double value, int decimals) => value.ToString($"F{decimals}", CultureInfo.InvariantCulture);

    private void Line(string text) => _text.Append(text).Append('\n');
}
