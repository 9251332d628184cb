namespace Dlc.Runtime;

/// <content>A run that was launched and not waited for has the binding to itself.</content>
public sealed unsafe partial class RunBinding
{
    private volatile DeviceRun? _run;

    /// <summary>Gives the binding to a run until <see cref="LetGo"/>.</summary>
    internal void Hold(DeviceRun run) => _run = run;

    internal void LetGo() => _run = null;

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
        if (_run is not null)
        {
            throw new InvalidOperationException("the binding belongs to a run that was launched and not yet waited for: call Wait of its DeviceRun first");
        }
    }
}
