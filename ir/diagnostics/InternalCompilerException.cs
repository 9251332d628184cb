using Dlc.IR.Symbolic;

namespace Dlc.IR.Diagnostics;

/// <summary>A bug in the compiler: names the pass and the node.</summary>
public sealed class InternalCompilerException : DlcException
{
    /// <summary>What is told of an overflow.</summary>
    public const string SizeOverflow = "a size does not fit 64 bits";

    public InternalCompilerException(string pass, Node? node, string message, Exception? inner = null)
        : base("DLC9001", $"compiler bug in '{pass}': {message}", Describe(node), inner)
    {
        Pass = pass;
    }

    public string Pass { get; }

    /// <summary>What an exception in a pass means: sizes that leave 64 bits are the model's, everything else is a bug.</summary>
    public static DlcException From(string pass, Node? node, Exception e) => e is OverflowException or DimTooLargeException
        ? new DlcException(ErrorCodes.BadDim, $"{(e is OverflowException ? SizeOverflow : e.Message)} (found in '{pass}')",
            node is { Origins: [var origin, ..] } ? $"node '{origin}'" : Describe(node), e)
        : new InternalCompilerException(pass, node, e.Message, e);

    private static string? Describe(Node? node) => node is null ? null
        : node.Origins.IsEmpty ? node.ToString() : $"{node} (from {string.Join(", ", node.Origins.Take(3))})";
}
