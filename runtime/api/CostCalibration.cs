using Dlc.Runtime.Execution;

namespace Dlc.Runtime;

/// <summary>
/// Measures what the steps of a model cost on this machine, for the choice between computing again and moving that a memory limit demands. Sessions that are given
/// it time their first runs and plan by what was measured from then on; its size does not grow with the number of runs. Results of a model do not depend on
/// it, but which plan keeps a limit does: for plans that are the same each time, leave it out. Safe from many threads.
/// </summary>
public sealed class CostCalibration
{
    /// <summary>Runs that are measured.</summary>
    public const int MeasuredRuns = 8;

    // Copies below this tell more about the clock than about memory.
    private const long LeastTransfer = 1 << 14;

    private readonly PreparedStep[] _steps;
    private readonly Lock _lock = new();

    // By step: the least of measured over estimated seconds. The least, as whatever else the machine does only adds to it.
    private readonly double[] _ratios;
    private double _secondsPerByte = double.PositiveInfinity;
    private int _runs;
    private volatile bool _isComplete;

    /// <summary>Begins to measure a model.</summary>
    public CostCalibration(CompiledModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _steps = model.Executable.Prepared.Steps;
        _ratios = new double[_steps.Length];
        Array.Fill(_ratios, double.PositiveInfinity);
    }

    /// <summary>Whether enough was measured: plans made from now on are by it, and those made before are made anew when they are needed again.</summary>
    public bool IsComplete => _isComplete;

    /// <summary>Bytes a second between the arena and memory outside, as measured; null where nothing was moved yet.</summary>
    public double? TransferBytesPerSecond => _isComplete && double.IsFinite(_secondsPerByte) ? 1 / _secondsPerByte : null;

    internal bool Matches(PreparedModel model) => _steps == model.Steps;

    /// <summary>Measured over estimated seconds of a step; 1 while nothing is known.</summary>
    internal double FactorOf(int step) => _isComplete ? _ratios[step] : 1;

    internal void Add(int step, double seconds, double estimate)
    {
        if (estimate > 0)
        {
            lock (_lock)
            {
                _ratios[step] = _isComplete ? _ratios[step] : Math.Min(_ratios[step], seconds / estimate);
            }
        }
    }

    internal void AddTransfer(long bytes, double seconds)
    {
        if (bytes >= LeastTransfer)
        {
            lock (_lock)
            {
                _secondsPerByte = _isComplete ? _secondsPerByte : Math.Min(_secondsPerByte, seconds / bytes);
            }
        }
    }

    /// <summary>A run was measured from beginning to end.</summary>
    internal void EndRun()
    {
        lock (_lock)
        {
            if (_isComplete || ++_runs < MeasuredRuns)
            {
                return;
            }

            // What did not run, or is estimated to cost nothing, is as fast as the middle of the others.
            double[] known = [.. _ratios.Where(double.IsFinite).Order()];
            double middle = known.Length == 0 ? 1 : known[known.Length / 2];
            for (int i = 0; i < _ratios.Length; i++)
            {
                _ratios[i] = double.IsFinite(_ratios[i]) ? _ratios[i] : middle;
            }

            _isComplete = true;
        }
    }
}
