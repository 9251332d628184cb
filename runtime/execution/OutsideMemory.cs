using Dlc.Runtime.Device;
using Dlc.Runtime.Native;

namespace Dlc.Runtime.Execution;

/// <summary>What left the arena, by offsets: grows in the middle of a run without moving what is there.</summary>
internal sealed unsafe class OutsideMemory(DeviceContext? device) : IDisposable
{
    private readonly NativeBlock _first = NewBlock(device);
    private readonly List<(long Begin, NativeBlock Block)> _more = [];

    /// <summary>Where it begins, as long as it was not extended.</summary>
    public byte* Address => _first.Address;

    /// <summary>Makes it so long before a run, when nothing is in it.</summary>
    public void Ensure(long bytes)
    {
        _first.Ensure(bytes);
    }

    /// <summary>Makes it so long in the middle of a run.</summary>
    /// <param name="from">What lies from here on is new, and in one piece.</param>
    /// <param name="to">Its length from now on.</param>
    public void Extend(long from, long to)
    {
        if (to <= from || (_more.Count == 0 && to <= _first.Capacity))
        {
            return;
        }

        var block = NewBlock(device);
        _more.Add((from, block));
        block.Ensure(to - from);
    }

    /// <summary>Where an offset is.</summary>
    public byte* At(long offset)
    {
        for (int i = _more.Count - 1; i >= 0; i--)
        {
            if (offset >= _more[i].Begin)
            {
                return _more[i].Block.Address + (offset - _more[i].Begin);
            }
        }

        return _first.Address + offset;
    }

    /// <summary>Frees what a run made in its middle.</summary>
    public void EndRun()
    {
        if (_more.Count > 0)
        {
            _more.ForEach(m => m.Block.Dispose());
            _more.Clear();
        }
    }

    public void Dispose()
    {
        EndRun();
        _first.Dispose();
    }

    private static NativeBlock NewBlock(DeviceContext? device) => new(device is null ? null : new PinnedMemory(device.Model.Device));
}
