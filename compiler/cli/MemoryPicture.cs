using System.Globalization;
using System.Security;
using System.Text;
using Dlc.Runtime;

namespace Dlc.Compiler.Cli;

/// <summary>
/// A memory plan as an SVG picture: steps go across, addresses of the arena go up, each buffer is a rectangle with its name. The line is the sum of what
/// is alive. Whoever points at something is told what it is.
/// </summary>
internal static class MemoryPicture
{
    private const double Width = 1200;
    private const double Left = 90;
    private const double Right = 20;
    private const double Top = 62;
    private const double Height = 420;
    private const double Bottom = 44;
    private const double CharacterWidth = 5.6;
    private const double LeastTextHeight = 9;

    // Light enough for dark text, far enough apart to tell neighbours from each other.
    private static readonly string[] Colours =
        ["#a6cee3", "#fdbf6f", "#b2df8a", "#fb9a99", "#cab2d6", "#ffed8f", "#8dd3c7", "#fccde5", "#bebada", "#d9d9d9", "#80b1d3", "#e5c494"];

    /// <summary>What a run does only because of a limit.</summary>
    private static readonly Dictionary<string, string> Extra = new(StringComparer.Ordinal)
    {
        ["recompute"] = "#d95f02",
        ["offload"] = "#1f78b4",
        ["reload"] = "#33a02c",
    };

    /// <summary>One picture below the other.</summary>
    public static string Draw(IReadOnlyList<MemoryReport> reports)
    {
        var panel = Top + Height + Bottom;
        var svg = new StringBuilder();
        svg.Append(Text($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {panel * reports.Count}" width="{Width}" height="{panel * reports.Count}" """))
            .Append("""font-family="sans-serif" font-size="11">""").Append('\n')
            .Append("""<rect width="100%" height="100%" fill="white"/>""").Append('\n');
        for (var i = 0; i < reports.Count; i++)
        {
            svg.Append(Text($"""<g transform="translate(0 {panel * i})">""")).Append('\n');
            Panel(svg, reports[i]);
            svg.Append("</g>\n");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Panel(StringBuilder svg, MemoryReport report)
    {
        var steps = Math.Max(1, report.Steps.Count);
        var top = Math.Max(1, report.PeakBytes);
        double X(double step) => Left + (step * (Width - Left - Right) / steps);
        double Y(double bytes) => Top + Height - (bytes * Height / top);

        var totals = $"arena {Summary.Bytes(report.PeakBytes)}, lower bound {Summary.Bytes(report.LowerBoundBytes)} (dashed), weights {Summary.Bytes(report.WeightBytes)}, "
            + $"{report.Buffers.Count} buffers by address and time; the line is the sum of what is alive";
        svg.Append(Text($"""<text x="{Left}" y="24" font-size="15">{Escape(MemoryText.DimsOf(report))}</text>""")).Append('\n');
        Costs(svg, report);
        svg.Append(Text($"""<text x="{Left}" y="44">{Escape(totals)}</text>""")).Append('\n');
        Axes(svg, report, X, Y);

        // Under the buffers, so that pointing beside one tells the step.
        foreach (var step in report.Steps)
        {
            var what = $"step {step.Index}: {step.Kind} {step.Kernel}\n{string.Join(", ", step.Origins)}\nreads {string.Join(", ", step.Reads)}\nwrites {string.Join(", ", step.Writes)}\n{Milliseconds(step.Seconds)}";
            svg.Append(Text($"""<rect x="{X(step.Index)}" y="{Top}" width="{X(1) - X(0)}" height="{Height}" fill="white"><title>{Escape(what)}</title></rect>""")).Append('\n');
        }

        foreach (var buffer in report.Buffers)
        {
            Buffer(svg, buffer, X(buffer.First), X(buffer.Last + 1), Y(buffer.Offset + (double)buffer.Bytes), Y(buffer.Offset));
        }

        Live(svg, report, X, Y);
        foreach (var step in report.Steps.Where(s => Extra.ContainsKey(s.Kind)))
        {
            var what = $"step {step.Index}: {step.Kind} {string.Join(", ", step.Kind == "offload" ? step.Reads : step.Writes)}\n{Milliseconds(step.Seconds)}";
            svg.Append(Text($"""<rect x="{X(step.Index)}" y="{Top + Height}" width="{X(1) - X(0)}" height="6" fill="{Extra[step.Kind]}"><title>{Escape(what)}</title></rect>""")).Append('\n');
        }

        SpentTime(svg, report, X);
    }

    /// <summary>What a limit costs, in words and in the colours of the marks below the arena.</summary>
    private static void Costs(StringBuilder svg, MemoryReport report)
    {
        if (report.MemoryLimit is not { } limit)
        {
            return;
        }

        svg.Append(Text($"""<text x="{Width - Right}" y="24" text-anchor="end">limit {Summary.Bytes(limit)}, {Summary.Bytes(report.TotalBytes)} in use"""));
        foreach (var kind in report.Steps.Where(s => Extra.ContainsKey(s.Kind)).GroupBy(s => s.Kind).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            svg.Append(Text($"""; <tspan fill="{Extra[kind.Key]}" font-weight="bold">{kind.Count()} x {kind.Key}</tspan> {Milliseconds(kind.Sum(s => s.Seconds))}"""));
        }

        svg.Append("</text>\n");
    }

    /// <summary>The time that recomputations and transfers took up to each step, as a share of all of it, from the bottom to the top of the picture.</summary>
    private static void SpentTime(StringBuilder svg, MemoryReport report, Func<double, double> x)
    {
        var all = report.Steps.Where(s => Extra.ContainsKey(s.Kind)).Sum(s => s.Seconds);
        if (all <= 0)
        {
            return;
        }

        var points = new StringBuilder();
        var spent = 0.0;
        foreach (var step in report.Steps)
        {
            spent += Extra.ContainsKey(step.Kind) ? step.Seconds : 0;
            points.Append(Text($"{x(step.Index + 1)},{Top + Height - (spent / all * Height)} "));
        }

        svg.Append(Text($"""<polyline points="{points}" fill="none" stroke="{Extra["recompute"]}" stroke-width="1.2" stroke-dasharray="2 2"><title>extra time so far; {Milliseconds(all)} at the end</title></polyline>""")).Append('\n');
    }

    private static string Milliseconds(double seconds) => Text($"{seconds * 1e3} ms");

    private static void Axes(StringBuilder svg, MemoryReport report, Func<double, double> x, Func<double, double> y)
    {
        const int Lines = 4;
        for (var i = 0; i <= Lines; i++)
        {
            var bytes = report.PeakBytes * i / Lines;
            svg.Append(Text($"""<text x="{Left - 8}" y="{y(bytes) + 4}" text-anchor="end">{Summary.Bytes(bytes)}</text>""")).Append('\n');
        }

        var every = Math.Max(1, (int)Math.Ceiling(report.Steps.Count / 20.0));
        for (var step = 0; step < report.Steps.Count; step += every)
        {
            svg.Append(Text($"""<text x="{x(step + 0.5)}" y="{Top + Height + 16}" text-anchor="middle">{step}</text>""")).Append('\n');
        }

        svg.Append(Text($"""<text x="{Width / 2}" y="{Top + Height + 34}" text-anchor="middle">step</text>""")).Append('\n');
        svg.Append(Text($"""<rect x="{Left}" y="{Top}" width="{Width - Left - Right}" height="{Height}" fill="none" stroke="#888"/>""")).Append('\n');
    }

    private static void Buffer(StringBuilder svg, MemoryBuffer buffer, double left, double right, double above, double below)
    {
        var colour = Colours[Hash(buffer.Name) % (uint)Colours.Length];
        var what = $"{buffer.Name}\n{Summary.Bytes(buffer.Bytes)} at {buffer.Offset}, steps {buffer.First} to {buffer.Last}\n{string.Join(", ", buffer.Values)}";
        svg.Append(Text($"""<g><title>{Escape(what)}</title><rect x="{left}" y="{above}" width="{right - left}" height="{below - above}" fill="{colour}" stroke="white" stroke-width="0.5"/>"""));
        Name(svg, buffer.Name, left, above, right - left, below - above);
        svg.Append("</g>\n");
    }

    /// <summary>The name where there is room for its end, which tells names of one layer apart; upright where the buffer is tall and short-lived.</summary>
    private static void Name(StringBuilder svg, string name, double x, double y, double width, double height)
    {
        var isUpright = width < height && (width - 4) / CharacterWidth < name.Length;
        var (along, across) = isUpright ? (height, width) : (width, height);
        var room = (int)((along - 6) / CharacterWidth);
        if (across < LeastTextHeight || room < Math.Min(3, name.Length))
        {
            return;
        }

        var text = name.Length <= room ? name : "…" + name[^(room - 1)..];
        var size = Math.Min(10, across - 1);
        var (middle, centre) = (x + (width / 2), y + (height / 2));
        var turn = isUpright ? Text($""" transform="rotate(-90 {middle} {centre})" """) : "";
        svg.Append(Text($"""<text x="{middle}" y="{centre + (size * 0.35)}" font-size="{size}" text-anchor="middle"{turn}>{Escape(text)}</text>"""));
    }

    private static void Live(StringBuilder svg, MemoryReport report, Func<double, double> x, Func<double, double> y)
    {
        var change = new long[report.Steps.Count + 1];
        foreach (var buffer in report.Buffers)
        {
            change[buffer.First] += buffer.Bytes;
            change[buffer.Last + 1] -= buffer.Bytes;
        }

        var points = new StringBuilder();
        var live = 0L;
        for (var step = 0; step < report.Steps.Count; step++)
        {
            live += change[step];
            points.Append(Text($"{x(step)},{y(live)} {x(step + 1)},{y(live)} "));
        }

        svg.Append(Text($"""<polyline points="{points}" fill="none" stroke="#222" stroke-opacity="0.6" stroke-width="1.2" pointer-events="none"/>""")).Append('\n');
        svg.Append(Text($"""<line x1="{Left}" x2="{Width - Right}" y1="{y(report.LowerBoundBytes)}" y2="{y(report.LowerBoundBytes)}" stroke="#c00" stroke-dasharray="6 4" pointer-events="none"/>""")).Append('\n');
    }

    /// <summary>FNV-1a: the same name has the same colour in every picture.</summary>
    private static uint Hash(string name) => name.Aggregate(2166136261u, (hash, c) => unchecked((hash ^ c) * 16777619u));

    private static string Escape(string text) => SecurityElement.Escape(string.Concat(text.Select(c => char.IsControl(c) && c != '\n' ? ' ' : c)));

    private static string Text(FormattableString text) => string.Format(CultureInfo.InvariantCulture, Rounded(text), text.GetArguments());

    // Coordinates to a hundredth: the file is half as long.
    private static string Rounded(FormattableString text)
    {
        var format = text.Format;
        for (var i = 0; i < text.ArgumentCount; i++)
        {
            if (text.GetArgument(i) is double)
            {
                format = format.Replace($"{{{i}}}", $"{{{i}:0.##}}", StringComparison.Ordinal);
            }
        }

        return format;
    }
}
