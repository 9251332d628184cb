namespace Dlc.Runtime.Execution;

/// <content>A run in two halves: all is queued in the first, and done after the second. On the processor the first does it all.</content>
internal sealed unsafe partial class Executor
{
    /// <summary>Room for the addresses that decide what a plan launches; null where runs are not taken down as graphs.</summary>
    private readonly nint[]? _graphKey;
    private readonly Action<SignaturePlan>? _runPlan;

    /// <summary>Whether the device has done what <see cref="Start"/> queued.</summary>
    public bool IsDone => _device?.IsDone ?? true;

    /// <summary>Has a function called when <see cref="IsDone"/>; see <see cref="Device.IDeviceQueue.Notify"/>.</summary>
    public void Notify(Action whenDone) => _device!.Notify(whenDone);

    /// <summary>Starts a run; <see cref="Finish"/> must follow unless it throws.</summary>
    /// <param name="stream">A queue of the host between whose work it is done; null for none.</param>
    public void Start(RunBinding binding, PlanCache cache, nint? stream)
    {
        bool isStarted = false;
        try
        {
            _device?.Begin(stream);
            var plan = Store.Enter(binding, cache);
            _measured = _calibration?.IsComplete == false ? _calibration : null;
            if (!TryRunGraph(plan))
            {
                RunPlan(plan);
            }

            _device?.Mark();
            isStarted = true;
        }
        finally
        {
            if (!isStarted)
            {
                Leave(isDone: false);
            }
        }
    }

    /// <summary>Ends the run that was started: waits for the device, and says what failed there.</summary>
    public void Finish()
    {
        bool isDone = false;
        try
        {
            if (_device is not null)
            {
                Table.ReturnOutputs();
                var (step, result) = _device.End();
                if (step >= 0)
                {
                    throw Failed((PreparedLaunch)_model.Steps[step], result);
                }
            }

            isDone = true;
            _measured?.EndRun();
        }
        finally
        {
            Leave(isDone);
        }
    }

    /// <summary>Waits for what is under way; the run that was started is not finished any more.</summary>
    public void Settle() => Leave(isDone: false);

    private void RunPlan(SignaturePlan plan)
    {
        if (plan.Limited is null)
        {
            RunMain(plan.Actions);
        }
        else
        {
            RunActions(plan.Limited);
        }

        if (Store.Limited is not null)
        {
            _device?.JoinTransfers();
        }
    }

    /// <summary>Runs a plan as one graph, where it is known and the device can.</summary>
    private bool TryRunGraph(SignaturePlan plan)
    {
        if (_graphKey is null)
        {
            return false;
        }

        int count = 0;
        _graphKey[count++] = (nint)Store.ArenaAddress;
        _graphKey[count++] = plan.Limited is null ? 0 : (nint)Store.OutsideAddress;
        foreach (int v in _model.Points[0].Volatile)
        {
            _graphKey[count++] = (nint)Table.Addresses[v];
        }

        return _device!.Graphs.TryRun(plan, _graphKey, _runPlan!);
    }

    private void Leave(bool isDone)
    {
        _pool = null;
        if (!isDone)
        {
            _device?.Settle();
        }

        Store.Leave();
    }

    /// <summary>Reads a bool where it lies.</summary>
    public bool ReadBit(byte* address) => _device is null ? *address != 0 : _device.Read(address, 1) != 0;
}
