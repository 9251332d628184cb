using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;

namespace Dlc.Runtime.Device;

/// <summary>An executable on a device: the constants that its steps read there, and its kernels as they are first launched. Shared by all contexts; safe from many threads.</summary>
internal sealed unsafe class DeviceModel : IDisposable
{
    private const int Alignment = 256;

    private readonly LoadedExecutable _executable;
    private readonly Lock _lock = new();
    private readonly Dictionary<long, nint> _kernels = [];
    private readonly nint[] _constants;
    private readonly nint _block;

    public DeviceModel(LoadedExecutable executable, IDevice device)
    {
        _executable = executable;
        Device = device;
        var model = executable.Model;
        if (model.Target.Capability > device.Capability)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.UnsupportedDevice, "the executable was compiled for a newer GPU", model.Target.Name, $"{device.Name} (sm_{device.Capability})");
        }

        _constants = new nint[model.Constants.Length];
        int[] constants = [.. model.ReadConstants];
        long total = constants.Sum(i => (model.Constants[i].Length + Alignment - 1) & -Alignment);
        if (total == 0)
        {
            return;
        }

        _block = device.Allocate(total);
        try
        {
            using var queue = device.CreateQueue();
            nint at = _block;
            foreach (int i in constants)
            {
                long bytes = model.Constants[i].Length;
                _constants[i] = at;
                if (bytes > 0)
                {
                    queue.CopyToDevice(at, executable.ConstantAddress(i), bytes);
                }

                at += (nint)((bytes + Alignment - 1) & -Alignment);
            }

            queue.Synchronise();
        }
        catch
        {
            device.Free(_block);
            throw;
        }
    }

    public IDevice Device { get; }

    public nint ConstantAddress(int index) => _constants[index];

    /// <summary>The kernel of a launch's variant; translated by the device when it is asked for first.</summary>
    public nint Kernel(PreparedLaunch launch, int variant)
    {
        long offset = launch.Variants[variant].Entry;
        lock (_lock)
        {
            if (!_kernels.TryGetValue(offset, out nint kernel))
            {
                var gpu = launch.Variants[variant].Gpu!;
                var code = _executable.Model.Code.Span[(int)offset..];
                kernel = Device.LoadKernel(code[..(code.IndexOf((byte)0) + 1)], gpu.Entry, gpu.SharedBytes);
                _kernels.Add(offset, kernel);
            }

            return kernel;
        }
    }

    public void Dispose()
    {
        if (_block != 0)
        {
            Device.Free(_block);
        }
    }
}
