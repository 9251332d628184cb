namespace Dlc.Conformance;

/// <summary>How a case ended.</summary>
internal enum Outcome
{
    Fail,
    Pass,
    Unsupported,
}

/// <summary>How a case ended, and for what reason where it did not pass.</summary>
internal sealed record Verdict(Outcome Outcome, string Reason = "")
{
    private const int MaxReason = 600;

    /// <summary>One line that <see cref="Parse"/> reads back.</summary>
    public override string ToString()
    {
        var reason = string.Join(' ', Reason.Split(['\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        reason = reason.Length > MaxReason ? reason[..MaxReason] + "…" : reason;
        return reason.Length == 0 ? $"{Outcome}" : $"{Outcome} {reason}";
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static Verdict Parse(string line)
    {
        var space = line.IndexOf(' ');
        var word = space < 0 ? line : line[..space];
        return new Verdict(Enum.Parse<Outcome>(word), space < 0 ? "" : line[(space + 1)..]);
    }
}
