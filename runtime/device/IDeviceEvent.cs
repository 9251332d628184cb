namespace Dlc.Runtime.Device;

/// <summary>A mark in a queue, set by <see cref="IDeviceQueue.Record"/>. Done from the start.</summary>
public interface IDeviceEvent : IDisposable
{
    /// <summary>Whether all is done that was queued before the mark was last set.</summary>
    /// <exception cref="DlcRuntimeException">Some of it failed.</exception>
    bool IsDone { get; }
}
