using Dlc.Runtime.Device;

namespace Dlc.Gpu;

/// <summary>The device that is measured and what is known of it besides.</summary>
/// <param name="Device">Runs the models.</param>
/// <param name="Driver">Version of the driver, for the page.</param>
/// <param name="FreeBytes">Device memory that is free now; <see cref="long.MaxValue"/> where nobody knows.</param>
/// <param name="Finish">Waits for everything that the process has queued on the device, whoever queued it.</param>
internal sealed record GpuMachine(IDevice Device, string Driver, Func<long> FreeBytes, Action Finish);
