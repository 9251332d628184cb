using Spectre.Console;

namespace Dlc.Compiler.Cli;

/// <summary>Shows what the compiler is at, on a terminal; without one it shows nothing.</summary>
internal static class ProgressDisplay
{
    /// <summary>Runs a compilation; it is given the options with a listener added.</summary>
    public static T Run<T>(CompileOptions options, Func<CompileOptions, T> compile) =>
        Console.IsErrorRedirected || Console.IsOutputRedirected ? compile(options) : RunOnTerminal(options, compile);

    private static T RunOnTerminal<T>(CompileOptions options, Func<CompileOptions, T> compile)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (!console.Profile.Capabilities.Interactive)
        {
            return compile(options);
        }

        return console.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new SpinnerColumn(), new ElapsedTimeColumn())
            .Start(context => compile(options with { Progress = Listener(context) }));
    }

    private static Action<CompileProgress> Listener(ProgressContext context)
    {
        var gate = new Lock();
        ProgressTask? current = null;
        var stage = "";
        return progress =>
        {
            lock (gate)
            {
                if (progress.Stage != stage)
                {
                    if (current is not null)
                    {
                        current.Description = stage;
                        current.IsIndeterminate(false).Value(100);
                        current.StopTask();
                    }

                    stage = progress.Stage;

                    current = context.AddTask(stage, maxValue: 100).IsIndeterminate();
                }

                if (progress.Total > 0)
                {
                    current!.IsIndeterminate(false).Value(100.0 * progress.Done / progress.Total);
                    current!.Description = $"{stage} {progress.Done}/{progress.Total}";
                }
                else if (progress.Detail is { } detail)
                {
                    current!.Description = $"{stage}: {detail}".EscapeMarkup();
                }
            }
        };
    }
}
