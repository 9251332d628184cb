using System.Text;

namespace Dlc.Gpu;

/// <summary>Figures as they are printed and as they go to the page.</summary>
internal sealed class GpuPage
{
    private const string Begin = "<!-- gpu:begin -->";
    private const string End = "<!-- gpu:end -->";

    private readonly StringBuilder _text = new();

    public string Text => _text.ToString();

    /// <summary>Adds a line and prints it.</summary>
    public void Line(string text = "")
    {
        _text.Append(text).Append('\n');
        Console.WriteLine(text);
    }

    /// <summary>Begins a table.</summary>
    public void Table(params ReadOnlySpan<string> columns)
    {
        Line();
        Row(columns);
        Line($"|{string.Concat(Enumerable.Repeat("---|", columns.Length))}");
    }

    public void Row(params ReadOnlySpan<string> cells)
    {
        var line = new StringBuilder("|");
        foreach (string cell in cells)
        {
            line.Append(' ').Append(cell.Replace('|', '/').Replace('\n', ' ')).Append(" |");
        }

        Line(line.ToString());
    }

    /// <summary>Writes <c>gpu.md</c> into a folder, and puts the text between the markers of a page where one is named.</summary>
    /// <exception cref="InvalidDataException">The page lacks the markers.</exception>
    public void Save(string folder, string? page)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "gpu.md"), Text);
        if (page is null)
        {
            return;
        }

        string old = File.ReadAllText(page);
        var (begin, end) = (old.IndexOf(Begin, StringComparison.Ordinal), old.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin)
        {
            throw new InvalidDataException($"{page} lacks the markers {Begin} and {End}");
        }

        File.WriteAllText(page, $"{old[..(begin + Begin.Length)]}\n{Text}{old[end..]}");
    }
}
