namespace Dlc.Runtime;

/// <content>Runs that go on while the host does something else.</content>
public sealed partial class Session
{
    private readonly HashSet<DeviceRun> _launched = [];

    /// <summary>
    /// Starts a run on the device and returns before it is done: when everything is queued. A model whose sizes, branches or trip counts come from data
    /// has the host read them on the way; then it returns after the last of them was read. Outputs in memory of the host are copied there by
    /// <see cref="DeviceRun.Wait"/>. Runs launched at once each need a binding of their own, and have an arena of their own.
    /// </summary>
    /// <param name="binding">Belongs to the run until it was waited for: using it before fails, disposing it waits.</param>
    /// <param name="stream">
    /// A CUstream of the device (0 for the default one): the run begins after what is queued there now, and what is queued there from now on begins after the
    /// run. Null where inputs are there already.
    /// </param>
    /// <exception cref="DlcRuntimeException">As <see cref="Run(RunBinding)"/>, but for failed checks, which are told by <see cref="DeviceRun.Wait"/>;
    /// UnsupportedDevice for a session that runs on the processor.</exception>
    /// <exception cref="InvalidOperationException">A run with the same binding was not waited for.</exception>
    public DeviceRun Launch(RunBinding binding, nint? stream = null)
    {
        if (_device is null)
        {
            throw new DlcRuntimeException(RuntimeErrors.UnsupportedDevice, "only runs on a device can be launched", "a model for a GPU", "one for the processor; use Run");
        }

        DeviceRun run;
        Begin(binding);
        try
        {
            var executor = _contexts.Rent();
            try
            {
                executor.Start(binding, _plans, stream);
            }
            catch
            {
                _contexts.Return(executor);
                throw;
            }

            run = new DeviceRun(this, executor, binding);
        }
        catch
        {
            End(binding);
            throw;
        }

        lock (_lock)
        {
            _launched.Add(run);
        }

        return run;
    }

    /// <summary>Starts a run on the device; the task ends with it. See <see cref="Launch"/>, which says what is thrown at once.</summary>
    public Task RunAsync(RunBinding binding, nint? stream = null) => Launch(binding, stream).WaitAsync();

    /// <summary>Takes a context back.</summary>
    internal void EndLaunch(DeviceRun run, Execution.Executor executor, RunBinding binding)
    {
        End(binding);
        lock (_lock)
        {
            _launched.Remove(run);
        }

        _contexts.Return(executor);
    }

    private void AbandonLaunched()
    {
        DeviceRun[] runs;
        lock (_lock)
        {
            runs = [.. _launched];
            _launched.Clear();
        }

        foreach (var run in runs)
        {
            run.Abandon();
        }
    }
}
