namespace Dlc.Compiler.Cli;

/// <summary>What the process answers.</summary>
internal static class ExitCodes
{
    public const int Good = 0;

    /// <summary>The user can mend it: the model, an input, a file.</summary>
    public const int UserError = 1;

    /// <summary>The command line is not understood.</summary>
    public const int Usage = 2;

    /// <summary>A bug of the compiler.</summary>
    public const int CompilerBug = 70;
}
