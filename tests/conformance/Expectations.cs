namespace Dlc.Conformance;

/// <summary>
/// Which cases are known to pass and which to fail: a text file with one <c>pass NAME</c> or <c>fail NAME</c> a line, sorted. A case that is
/// in neither list is unsupported.
/// </summary>
internal sealed class Expectations
{
    private readonly SortedDictionary<string, Outcome> _known = new(StringComparer.Ordinal);

    /// <summary>Reads the file; one that does not exist knows nothing.</summary>
    public static Expectations Read(string path)
    {
        var result = new Expectations();
        foreach (var line in File.Exists(path) ? File.ReadAllLines(path) : [])
        {
            if (line.Length > 5 && line[0] != '#')
            {
                result._known[line[5..]] = line.StartsWith("pass ", StringComparison.Ordinal) ? Outcome.Pass : Outcome.Fail;
            }
        }

        return result;
    }

    /// <summary>Whether a verdict is worse than what is known: a pass that is lost, or a new wrong result.</summary>
    public bool IsRegression(Case @case, Verdict verdict)
    {
        var known = _known.GetValueOrDefault(@case.Name, Outcome.Unsupported);
        return verdict.Outcome != Outcome.Pass && (known == Outcome.Pass || (verdict.Outcome == Outcome.Fail && known != Outcome.Fail));
    }

    /// <summary>Writes what is now known; cases that were not run keep what was known of them.</summary>
    public void Rewrite(string path, IEnumerable<(Case Case, Verdict Verdict)> results)
    {
        foreach (var (@case, verdict) in results)
        {
            if (verdict.Outcome == Outcome.Unsupported)
            {
                _known.Remove(@case.Name);
            }
            else
            {
                _known[@case.Name] = verdict.Outcome;
            }
        }

        File.WriteAllLines(path,
        [
            "# Known results of ONNX's operator cases; rewritten by tests/conformance/run --bless.",
            .. _known.Select(k => $"{(k.Value == Outcome.Pass ? "pass" : "fail")} {k.Key}"),
        ]);
    }
}
