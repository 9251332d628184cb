using System.Runtime.ExceptionServices;
using Dlc.Runtime.Execution;

namespace Dlc.Runtime;

/// <summary>
/// A run under way on a device, from <see cref="Session.Launch"/>. Until it is waited for it has its binding, all memory bound there, and an execution
/// context of the session (with an arena) to itself. Safe from many threads.
/// </summary>
public sealed class DeviceRun : IDisposable
{
    private readonly Session _session;
    private readonly RunBinding _binding;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Executor? _executor;
    private ExceptionDispatchInfo? _failure;
    private bool _isAwaited;

    internal DeviceRun(Session session, Executor executor, RunBinding binding)
    {
        _session = session;
        _executor = executor;
        _binding = binding;
        binding.Hold(this);
    }

    /// <summary>Whether the device is done, so that <see cref="Wait"/> has nothing left to do but to copy outputs that are wanted on the host.</summary>
    public bool IsDone
    {
        get
        {
            if (!_lock.TryEnter())
            {
                // Another thread waits just now.
                return false;
            }

            try
            {
                return _executor?.IsDone ?? true;
            }
            finally
            {
                _lock.Exit();
            }
        }
    }

    /// <summary>
    /// Returns when the work is done and outputs bound to memory of the host are there. Then the binding may be used again. Calling it again says the same again.
    /// </summary>
    /// <exception cref="DlcRuntimeException">KernelCheck: a check in a kernel failed; DeviceFailure.</exception>
    /// <exception cref="ObjectDisposedException">The session was disposed before.</exception>
    public void Wait()
    {
        End();
        _failure?.Throw();
    }

    /// <summary><see cref="Wait"/> as a task. No thread waits for the device, which calls when it is done; one of the pool then copies outputs to the host.</summary>
    public async Task WaitAsync()
    {
        if (_lock.TryEnter())
        {
            try
            {
                if (_executor is { } executor && !_isAwaited)
                {
                    executor.Notify(() => ThreadPool.UnsafeQueueUserWorkItem(static run => run.End(), this, preferLocal: false));
                    _isAwaited = true;
                }
            }
            catch (DlcRuntimeException)
            {
                // It has failed: waiting takes no time, and says why.
                End();
            }
            finally
            {
                _lock.Exit();
            }
        }

        // Whoever holds the lock is ending the run.
        await _ended.Task.ConfigureAwait(false);
        _failure?.Throw();
    }

    /// <summary>Waits if nobody did; failures of the run are not told.</summary>
    public void Dispose() => End();

    /// <summary>Waits, as the session is being disposed with the context of the run.</summary>
    internal void Abandon()
    {
        lock (_lock)
        {
            if (_executor is { } executor)
            {
                _executor = null;
                executor.Settle();
                _failure = ExceptionDispatchInfo.Capture(new ObjectDisposedException(nameof(Session), "the session was disposed before the run was waited for"));
                _binding.End();
                _ended.TrySetResult();
            }
        }
    }

    private void End()
    {
        lock (_lock)
        {
            if (_executor is not { } executor)
            {
                return;
            }

            _executor = null;
            try
            {
                executor.Finish();
            }
            catch (Exception e)
            {
                _failure = ExceptionDispatchInfo.Capture(e);
            }

            _session.EndLaunch(this, executor, _binding);
            _ended.TrySetResult();
        }
    }
}
