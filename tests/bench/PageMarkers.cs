using System.Text;

namespace Dlc.Bench;

/// <summary>Puts tables into pages.</summary>
internal static class PageMarkers
{
    /// <summary>Prints the text, and puts it between <c>NAME:begin</c> and <c>NAME:end</c> of a page where one is named.</summary>
    public static void Write(string? page, string name, StringBuilder text)
    {
        Console.WriteLine(text);
        if (page is null)
        {
            return;
        }

        var (first, last) = ($"<!-- {name}:begin -->", $"<!-- {name}:end -->");
        var old = File.ReadAllText(page);
        var (begin, end) = (old.IndexOf(first, StringComparison.Ordinal), old.IndexOf(last, StringComparison.Ordinal));
        if (begin < 0 || end < begin)
        {
            throw new BenchException($"{page} lacks the markers {first} and {last}");
        }

        File.WriteAllText(page, $"{old[..(begin + first.Length)]}\n{text}\n{old[end..]}");
    }
}
