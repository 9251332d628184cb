namespace Dlc.Ptx;

/// <summary>A text that is no PTX, or uses what the interpreter does not know.</summary>
/// <param name="line">The line of the text, from 1.</param>
/// <param name="message">What is wrong.</param>
public sealed class PtxException(int line, string message) : Exception($"PTX line {line}: {message}")
{
    /// <summary>The line of the text, from 1.</summary>
    public int Line { get; } = line;
}
