using System.Globalization;
using Dlc.Compiler.Memory;
using Dlc.Runtime;

namespace Dlc.Compiler.Cli;

/// <summary>The answers of <c>dlc memory</c> as text.</summary>
internal sealed class MemoryText(TextWriter output)
{
    private const int ShownPieces = 8;
    private const int ShownOrigins = 4;

    /// <summary>The formula of each order.</summary>
    public void Formula(CompiledModel model, MemoryFormula formula)
    {
        output.WriteLine($"{model.Name}: weights {Summary.Bytes(model.Executable.Model.WeightBytes)} in the executable; the arena of a run, in bytes:");
        var text = new FormulaText(formula.Orders.SelectMany(o => o.Pieces.Where(p => p.Share > 0).Take(ShownPieces)));
        for (var o = 0; o < formula.Orders.Count; o++)
        {
            if (formula.Orders.Count > 1)
            {
                output.WriteLine(o == 0 ? "  with the first order of the steps" : $"  or with order {o + 1}, whichever is less");
            }

            Pieces(formula.Orders[o], text);
        }

        var notes = new List<string>();
        if (formula.NotEmpty.Any())
        {
            notes.Add($"{string.Join(", ", formula.NotEmpty)} from 1 on");
        }

        if (formula.MentionsThreads)
        {
            notes.Add($"{formula.Threads}: those of the session, each with scratch memory");
        }

        notes.Add("ceil64(x): x rounded up to a multiple of 64");

        foreach (var (name, meaning) in text.Definitions)
        {
            output.WriteLine($"  {(name == text.Definitions[0].Key ? "where" : "     ")} {name} = {meaning}");
        }

        output.WriteLine($"  ({string.Join("; ", notes)})");
    }

    /// <summary>A table of totals.</summary>
    public void Sizes(IReadOnlyList<MemoryReport> reports)
    {
        string[] titles = ["arena", "lower bound", "arena / bound", "inputs", "outputs", "weights"];
        var rows = reports.Select(r => (string[])[
            Number(r.PeakBytes), Number(r.LowerBoundBytes),
            r.LowerBoundBytes == 0 ? "" : (r.PeakBytes / (double)r.LowerBoundBytes).ToString("0.000", CultureInfo.InvariantCulture),
            Number(r.InputBytes), Number(r.OutputBytes), Number(r.WeightBytes)]).ToList();
        var widths = titles.Select((t, c) => Math.Max(t.Length, rows.Max(r => r[c].Length))).ToArray();
        string Line(IEnumerable<string> cells) => "  " + string.Join("  ", cells.Select((cell, c) => cell.PadLeft(widths[c])));
        output.WriteLine($"{Line(titles)}  (bytes)");
        for (var i = 0; i < rows.Count; i++)
        {
            output.WriteLine($"{Line(rows[i])}  {DimsOf(reports[i])}");
        }
    }

    /// <summary>What leaves memory and how it returns, with its cost in time; the dearest first.</summary>
    public void Evictions(MemoryReport report, int count)
    {
        if (report.MemoryLimit is not { } limit)
        {
            return;
        }

        output.WriteLine($"limit {Number(limit)} bytes at {DimsOf(report)}: {Number(report.TotalBytes)} needed, weights, inputs and outputs included");
        var extra = report.Steps.Where(s => s.Kind is "recompute" or "offload" or "reload").ToList();
        if (extra.Count == 0)
        {
            output.WriteLine("  everything fits: nothing leaves memory");
            return;
        }

        var own = report.Steps.Sum(s => s.Seconds) - extra.Sum(s => s.Seconds);
        foreach (var kind in extra.GroupBy(s => s.Kind).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"  {kind.Count(),6} x {kind.Key,-10} {Milliseconds(kind.Sum(s => s.Seconds)),12}");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {"",6}   {"in all",-10} {Milliseconds(report.ExtraSeconds),12}  beside the {Milliseconds(own)} of the run: {(own == 0 ? 0 : 100 * report.ExtraSeconds / own):0.0} % more time (estimates)"));
        if (report.HostBytes > 0)
        {
            output.WriteLine($"  copies outside take {Number(report.HostBytes)} bytes");
        }

        foreach (var step in extra.OrderByDescending(s => s.Seconds).ThenBy(s => s.Index).Take(count))
        {
            var what = step.Kind == "offload" ? step.Reads : step.Writes;
            output.WriteLine($"  {Milliseconds(step.Seconds),12} step {step.Index}: {step.Kind} {string.Join(", ", what.Take(2))}{MadeBy(step)}");
        }
    }

    /// <summary>The largest buffers of a plan.</summary>
    public void Buffers(MemoryReport report, int count)
    {
        output.WriteLine(report.Buffers.Count == 0 ? $"at {DimsOf(report)} nothing lies in the arena"
            : $"the largest of {report.Buffers.Count} buffers at {DimsOf(report)}");
        foreach (var buffer in report.Buffers.OrderByDescending(b => b.Bytes).ThenBy(b => b.First).Take(count))
        {
            var others = buffer.Values.Where(v => v != buffer.Name && v != "scratch").ToList();
            var shared = others.Count == 0 ? "" : $", also {string.Join(", ", others.Take(ShownOrigins))}{(others.Count > ShownOrigins ? ", ..." : "")}";
            output.WriteLine($"  {Number(buffer.Bytes),15} at {Number(buffer.Offset),-15} steps {buffer.First} to {buffer.Last}  {buffer.Name}{shared}{MadeBy(report, buffer)}");
        }

        if (report.Unknown.Count > 0)
        {
            output.WriteLine($"  {report.Unknown.Count} more, whose sizes only the run knows: {string.Join(", ", report.Unknown.Take(ShownOrigins))}"
                + (report.Unknown.Count > ShownOrigins ? ", ..." : ""));
        }
    }

    private static string MadeBy(MemoryReport report, MemoryBuffer buffer) => MadeBy(report.Steps[buffer.First]);

    private static string MadeBy(MemoryStep step) => step.Origins.Count == 0 || step.Kind is "offload" or "reload" ? ""
        : $"  (made by {string.Join(", ", step.Origins.Take(2))}{(step.Origins.Count > 2 ? ", ..." : "")})";

    private static string Milliseconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:0.000} ms");

    /// <summary>The dims of a report as one writes them on the command line.</summary>
    public static string DimsOf(MemoryReport report) =>
        report.Dims.Count == 0 ? "fixed dims" : string.Join(',', report.Dims.Select(d => $"{d.Key}={d.Value.ToString(CultureInfo.InvariantCulture)}"));

    private void Pieces(OrderFormula order, FormulaText formula)
    {
        var shown = order.Pieces.Where(p => p.Share > 0).Take(ShownPieces).ToList();
        if (shown.Count == 0)
        {
            output.WriteLine("    0");
            return;
        }

        var isOne = order.Pieces.Count == 1;
        foreach (var piece in shown)
        {
            var origins = piece.Step < order.Origins.Count ? order.Origins[piece.Step] : [];
            var where = origins.Count == 0 ? "" : $": {string.Join(", ", origins.Take(ShownOrigins))}{(origins.Count > ShownOrigins ? ", ..." : "")}";
            output.WriteLine($"    {(isOne ? "" : ReferenceEquals(piece, shown[0]) ? "max( " : "   , ")}{formula.Print(piece)}    at step {piece.Step}{where}");
        }

        if (!isOne)
        {
            var hidden = order.Pieces.Count - shown.Count;
            output.WriteLine(hidden == 0 ? "       )" : $"       , and {hidden} more, seldom the largest )");
        }
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
