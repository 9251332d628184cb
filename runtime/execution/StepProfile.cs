using System.Diagnostics;
using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;

namespace Dlc.Runtime;

/// <summary>
/// Counts calls and time of every step of the sessions that it is given to. An If or Loop counts the time of the steps inside too. Safe
/// from many threads.
/// </summary>
public sealed class StepProfile
{
    private readonly PreparedStep[] _steps;
    private readonly long[] _calls;
    private readonly long[] _ticks;

    public StepProfile(CompiledModel model)
    {
        _steps = model.Executable.Prepared.Steps;
        _calls = new long[_steps.Length];
        _ticks = new long[_steps.Length];
    }

    /// <summary>What was measured so far, in the order of the steps.</summary>
    public IReadOnlyList<StepTime> Read()
    {
        var result = new StepTime[_steps.Length];
        for (int i = 0; i < result.Length; i++)
        {
            var step = _steps[i];
            string name = step.Source is LaunchStep launch ? launch.Variants[^1].Name : step.Kind.ToString();
            var time = TimeSpan.FromSeconds((double)Interlocked.Read(ref _ticks[i]) / Stopwatch.Frequency);
            result[i] = new StepTime(step.Kind, name, step.Source.Origins, Interlocked.Read(ref _calls[i]), time);
        }

        return result;
    }

    /// <summary>Sets all counts to 0.</summary>
    public void Clear()
    {
        Array.Clear(_calls);
        Array.Clear(_ticks);
    }

    internal void Add(int step, long ticks)
    {
        Interlocked.Increment(ref _calls[step]);
        Interlocked.Add(ref _ticks[step], ticks);
    }

    internal bool Matches(PreparedModel model) => _steps == model.Steps;
}
