namespace Dlc.Compiler;

/// <summary>The stages of a compilation, in order.</summary>
public static class CompileStages
{
    /// <summary>Reads the model into a graph.</summary>
    public const string Import = "import";

    /// <summary>Rewrites the graph and fuses it.</summary>
    public const string Passes = "passes";

    /// <summary>Turns the graph into kernels.</summary>
    public const string Lower = "lower";

    /// <summary>Compiles the kernels.</summary>
    public const string Code = "code";

    /// <summary>Puts the executable together.</summary>
    public const string Emit = "emit";

    /// <summary>Writes it to a file.</summary>
    public const string Write = "write";
}
