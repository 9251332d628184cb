using Dlc.IR.Diagnostics;
using Dlc.Runtime;

namespace Dlc.Compiler.Cli;

/// <summary>Runs a command and turns what goes wrong into one message without a stack trace, and an exit code.</summary>
internal static class ErrorReport
{
    public static int Guard(Func<int> command, TextWriter error)
    {
        try
        {
            return command();
        }
        catch (InternalCompilerException e)
        {
            return Bug($"{e.Code}: {e.Message}", error);
        }
        catch (DlcException e)
        {
            error.WriteLine($"error {e.Code}: {e.Message}");
            return ExitCodes.UserError;
        }
        catch (DlcRuntimeException e)
        {
            // Its message begins with the code.
            error.WriteLine($"error {e.Message}");
            return ExitCodes.UserError;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"error {ErrorCodes.BadFile}: {e.Message}");
            return ExitCodes.UserError;
        }
        catch (OutOfMemoryException)
        {
            error.WriteLine($"error {RuntimeErrors.OutOfMemory}: there is not enough memory");
            return ExitCodes.UserError;
        }
        catch (Exception e)
        {
            return Bug($"DLC9001: compiler bug: {e.GetType().Name}: {e.Message}", error);
        }
    }

    private static int Bug(string message, TextWriter error)
    {
        error.WriteLine($"error {message}");
        error.WriteLine("This is a bug in dlc. To make a reproducer, run 'dlc compile MODEL --dump DIR' and report it with that folder and the model.");
        return ExitCodes.CompilerBug;
    }
}
