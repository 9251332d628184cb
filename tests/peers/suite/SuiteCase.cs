namespace Dlc.Peers.Suite;

/// <summary>One set of sizes.</summary>
/// <param name="Label">How reports call it, such as <c>4x128</c>.</param>
/// <param name="Sizes">Sizes by dim name (<c>input.axis</c> for a dim without a name).</param>
/// <param name="Timed">Whether the benchmark runs it too.</param>
public sealed record SuiteCase(string Label, IReadOnlyDictionary<string, long> Sizes, bool Timed = false)
{
    /// <inheritdoc/>
    public override string ToString() => Label;
}
