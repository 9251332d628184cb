using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Dlc.Compiler.Cli;

/// <summary>Shows how a training goes: a progress bar on a terminal, lines now and then elsewhere; a summary at the end.</summary>
internal sealed class TrainingDisplay
{
    /// <summary>Lines of a training where there is no terminal.</summary>
    private const int Lines = 20;

    private readonly TrainingSession _session;
    private readonly long _total;
    private readonly TextWriter _output;
    private readonly ProgressTask? _task;
    private readonly long _first;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private double _recent = double.NaN;
    private double _last;
    private long _items;
    private string _unit = "samples";
    private long _printed;

    private TrainingDisplay(TrainingSession session, long total, TextWriter output, ProgressTask? task)
    {
        (_session, _total, _output, _task, _first, _printed) = (session, total, output, task, session.Steps, session.Steps);
    }

    /// <summary>Runs a training that reports each batch.</summary>
    public static void Run(TrainingSession session, long total, TextWriter output, Action<TrainingDisplay> train)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (Console.IsErrorRedirected || Console.IsOutputRedirected || !console.Profile.Capabilities.Interactive)
        {
            var plain = new TrainingDisplay(session, total, output, null);
            train(plain);
            plain.Summarize();
            return;
        }

        var display = default(TrainingDisplay);
        console.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new ProgressBarColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new RemainingTimeColumn())
            .Start(context =>
            {
                display = new TrainingDisplay(session, total, output, context.AddTask("training", maxValue: total));
                train(display);
            });
        display!.Summarize();
    }

    /// <summary>Tells of a batch that was taken.</summary>
    public void Report(double loss, (long Count, string Unit) items)
    {
        // A running mean that forgets, as single batches jump about.
        _recent = double.IsNaN(_recent) ? loss : (0.95 * _recent) + (0.05 * loss);
        _last = loss;
        _items += items.Count;
        _unit = items.Unit;
        if (_task is not null)
        {
            _task.Value = _session.Steps;
            _task.Description = Describe().EscapeMarkup();
        }
        else if (_session.Steps >= _printed + Math.Max(1, (_total - _first) / Lines) || _session.Steps == _first + 1)
        {
            _printed = _session.Steps;
            _output.WriteLine(Describe());
        }
    }

    private string Describe() => string.Create(CultureInfo.InvariantCulture,
        $"step {_session.Steps}/{_total}  loss {_last:0.0000} (recently {_recent:0.0000})  {Speed()}  peak {Summary.Bytes(_session.StateBytes + _session.ArenaBytes)}");

    private string Speed() => string.Create(CultureInfo.InvariantCulture, $"{_items / _watch.Elapsed.TotalSeconds:0} {_unit}/s");

    private void Summarize()
    {
        if (_items > 0)
        {
            _output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"trained to step {_session.Steps} in {_watch.Elapsed.TotalSeconds:0.0} s: loss {_last:0.0000} (recently {_recent:0.0000}), {Speed()}, "
                + $"{Summary.Bytes(_session.StateBytes)} of parameters and state, at most {Summary.Bytes(_session.ArenaBytes)} beside"));
        }
    }
}
