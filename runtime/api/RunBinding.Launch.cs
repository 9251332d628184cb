namespace Dlc.Runtime;

/// <content>A run has the binding to itself, one that was launched until it was waited for.</content>
public sealed unsafe partial class RunBinding
{
    private volatile int _isTaken;
    private volatile DeviceRun? _run;

    /// <summary>Gives the binding to a run until <see cref="End"/>.</summary>
    /// <exception cref="InvalidOperationException">Another run has it.</exception>
    internal void Begin()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Interlocked.Exchange(ref _isTaken, 1) != 0)
        {
            throw Taken();
        }

        Reset();
    }

    /// <summary>The run is one that was launched.</summary>
    internal void Hold(DeviceRun run) => _run = run;

    internal void End()
    {
        _run = null;
        _isTaken = 0;
    }

    private int FreeInput(PortKey port)
    {
        RequireFree();
        return Model.InputIndex(port);
    }

    private int FreeOutput(PortKey port)
    {
        RequireFree();
        return Model.OutputIndex(port);
    }

    private void RequireFree()
    {
        if (_isTaken != 0)
        {
            throw Taken();
        }
    }

    private InvalidOperationException Taken() => new(_run is null
        ? "the binding belongs to a run of another thread: each thread needs one of its own"
        : "the binding belongs to a run that was launched and not yet waited for: call Wait of its DeviceRun first");
}
