namespace Dlc.Bench;

/// <summary>The part of a page that a command writes, between <c>&lt;!-- name:begin --&gt;</c> and <c>&lt;!-- name:end --&gt;</c>.</summary>
internal static class PageSection
{
    /// <summary>Replaces it.</summary>
    /// <exception cref="BenchException">The page lacks the markers.</exception>
    public static void Replace(string page, string name, string text)
    {
        var (first, last) = ($"<!-- {name}:begin -->", $"<!-- {name}:end -->");
        var old = File.ReadAllText(page);
        var (begin, end) = (old.IndexOf(first, StringComparison.Ordinal), old.IndexOf(last, StringComparison.Ordinal));
        if (begin < 0 || end < begin)
        {
            throw new BenchException($"{page} lacks the markers {first} and {last}");
        }

        File.WriteAllText(page, $"{old[..(begin + first.Length)]}\n{text.TrimEnd()}\n{old[end..]}");
    }
}
