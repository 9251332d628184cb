namespace Dlc.IR.Diagnostics;

/// <summary>A bug in the compiler: names the pass and the node.</summary>
public sealed class InternalCompilerException : DlcException
{
    public InternalCompilerException(string pass, Node? node, string message, Exception? inner = null)
        : base("DLC9001", $"compiler bug in '{pass}': {message}", Describe(node), inner)
    {
        Pass = pass;
    }

    public string Pass { get; }

    private static string? Describe(Node? node) => node is null ? null
        : node.Origins.IsEmpty ? node.ToString() : $"{node} (from {string.Join(", ", node.Origins.Take(3))})";
}
