using System.Runtime.InteropServices;
using Dlc.Runtime.Device;
using Dlc.Runtime.Format;
using Dlc.Runtime.Memory;
using Dlc.Runtime.Rematerialization;

namespace Dlc.Runtime.Execution;

/// <summary>
/// Slots, sizes and addresses of one execution, where kernels' arguments are taken from. A <see cref="ValueStore"/> says where what it plans lies; inputs,
/// outputs, constants, views and what loops carry are looked up here.
/// </summary>
internal sealed unsafe class ValueTable : IDisposable
{
    private readonly LoadedExecutable _executable;
    private readonly PreparedModel _model;
    private readonly ValueInfo[] _values;
    private readonly DeviceContext? _device;
    private readonly DevicePorts? _ports;
    private readonly void* _tables;
    private RunBinding _binding = null!;

    public ValueTable(LoadedExecutable executable, int runsBeforeTrim, DeviceContext? device, MemoryBudget? budget, IRoomKeeper? rooms)
    {
        _executable = executable;
        _model = executable.Prepared;
        _values = _model.Model.Values;
        _device = device;
        _ports = device is null ? null : new DevicePorts(executable.Model, device);
        int slots = _model.Model.SlotNames.Length;
        nuint words = (nuint)(slots + (2 * _values.Length) + _model.Steps.Length + 8);
        _tables = NativeMemory.AllocZeroed(words, sizeof(long));
        Slots = (long*)_tables;
        Bytes = Slots + slots;
        Addresses = (byte**)(Bytes + _values.Length);
        Scratch = Addresses + _values.Length;
        Nothing = (byte*)(Scratch + _model.Steps.Length);
        Carried = new CarriedState[_model.Carried.Length];
        for (int c = 0; c < Carried.Length; c++)
        {
            var info = _model.Carried[c];
            Carried[c] = info.IsPlanned ? new CarriedState(info, _values[info.BodyIn].Dims.Length, null, null)
                : new CarriedState(info, _values[info.BodyIn].Dims.Length, Block(StepRoom.BlockOf(c, 0)), Block(StepRoom.BlockOf(c, 1)));
        }

        Scans = new ScanState[_model.ScanCount];
        foreach (var step in _model.Steps)
        {
            if (step is PreparedLoop loop)
            {
                for (int i = 0; i < loop.Loop.ScanOutputs.Length; i++)
                {
                    int scan = loop.FirstScan + i;
                    Scans[scan] = new ScanState(_values[loop.Loop.ScanOutputs[i].BodyOut].Dims.Length, Block((2 * Carried.Length) + scan), device);
                }
            }
        }

        LoopBlock Block(int number) => new(number, runsBeforeTrim, device, budget, rooms);
    }

    /// <summary>By slot.</summary>
    public long* Slots { get; }

    /// <summary>By value: size in bytes.</summary>
    public long* Bytes { get; }

    /// <summary>By value: never null once its bind point is reached.</summary>
    public byte** Addresses { get; }

    /// <summary>By step: scratch memory of its kernel, where it needs any.</summary>
    public byte** Scratch { get; }

    /// <summary>The address of values without bytes.</summary>
    public byte* Nothing { get; }

    public CarriedState[] Carried { get; }

    /// <summary>What loops collect, by number of the scan output.</summary>
    public ScanState[] Scans { get; }

    /// <summary>Bytes allocated now for loops, and for ports whose memory is elsewhere.</summary>
    public long OwnBytes
    {
        get
        {
            long sum = _ports?.OwnBytes ?? 0;
            foreach (var carried in Carried)
            {
                sum += carried.OwnBytes;
            }

            foreach (var scan in Scans)
            {
                sum += scan.Block.OwnBytes;
            }

            return sum;
        }
    }

    /// <summary>Begins an execution.</summary>
    public void Begin(RunBinding binding)
    {
        _binding = binding;
        _ports?.Begin();
    }

    /// <summary>Ends an execution.</summary>
    public void EndRun()
    {
        _binding = null!;
        foreach (var carried in Carried)
        {
            carried.EndRun();
        }

        foreach (var scan in Scans)
        {
            scan.Block.EndRun();
        }
    }

    /// <summary>Frees what loops hold.</summary>
    public void Release()
    {
        foreach (var carried in Carried)
        {
            carried.Release();
        }

        foreach (var scan in Scans)
        {
            scan.Block.Release();
        }
    }

    /// <summary>Copies the dims of a value.</summary>
    public void DimsOf(int value, Span<long> dims)
    {
        int[] slots = _values[value].Dims;
        for (int a = 0; a < slots.Length; a++)
        {
            dims[a] = Slots[slots[a]];
        }
    }

    /// <summary>Text like <c>[2,77,768]</c>, for messages.</summary>
    public string DescribeDims(int value)
    {
        var dims = new long[_values[value].Dims.Length];
        DimsOf(value, dims);
        return $"[{string.Join(',', dims)}]";
    }

    /// <summary>Says where a planned item lies.</summary>
    public void Place(PlannedItem item, byte* address, long bytes)
    {
        if (item.Step >= 0)
        {
            Scratch[item.Step] = address;
        }
        else if (item.Carried >= 0)
        {
            Carried[item.Carried].Place(item.Side, address, bytes);
        }
        else
        {
            Addresses[item.Value] = address;
        }
    }

    /// <summary>Gives addresses to values that lie outside of the arena, and to views.</summary>
    public void AssignAddresses(int[] values)
    {
        foreach (int v in values)
        {
            var info = _values[v];
            switch (_model.Roles[v])
            {
                case ValueRole.Input:
                    Addresses[v] = Bytes[v] == 0 ? Nothing : InputAddress(info.Index, Bytes[v]);
                    break;
                case ValueRole.Output:
                    AcquireOutput(v, info);
                    break;
                case ValueRole.Constant:
                    Addresses[v] = ConstantAddress(v, info);
                    break;
                case ValueRole.Alias:
                    Addresses[v] = AliasAddress(v, info);
                    break;
                case ValueRole.CarriedOut:
                    Addresses[v] = Carried[_model.CarriedOf[v]].Next(Bytes[v]);
                    if (Addresses[v] == null)
                    {
                        throw new DlcRuntimeException(
                            RuntimeErrors.WrongDim, $"the loop value '{info.Name}' grows although its dims are fixed", "the dims of the first iteration", DescribeDims(v));
                    }

                    break;
            }
        }
    }

    /// <summary>The block of a loop with a number as <see cref="StepRoom"/> gives them.</summary>
    public LoopBlock? BlockOf(int number) => number < 2 * Carried.Length ? Carried[number / 2].Block(number % 2) : Scans[number - (2 * Carried.Length)].Block;

    /// <summary>Where a planned item lies.</summary>
    public byte* PlaceOf(PlannedItem item) => item.Step >= 0 ? Scratch[item.Step] : item.Carried >= 0 ? Carried[item.Carried].PlannedAt(item.Side) : Addresses[item.Value];

    /// <summary>Gives a view that has an address the one that follows from its value's, which has moved.</summary>
    public void FollowAlias(int value)
    {
        var info = _values[value];
        Addresses[value] = Addresses[info.Index] + (info.ByteOffsetSlot < 0 ? 0 : Slots[info.ByteOffsetSlot]);
    }

    /// <summary>Gives a view the address that follows from its value's.</summary>
    public void AssignAlias(int value) => Addresses[value] = AliasAddress(value, _values[value]);

    /// <summary>Queues the copies of outputs to the host, where the caller wants them there.</summary>
    public void ReturnOutputs() => _ports?.Return();

    public void Dispose()
    {
        _ports?.Dispose();
        foreach (var carried in Carried)
        {
            carried.Dispose();
        }

        foreach (var scan in Scans)
        {
            scan.Dispose();
        }

        NativeMemory.Free(_tables);
    }

    private void AcquireOutput(int value, ValueInfo info)
    {
        Span<long> dims = stackalloc long[info.Dims.Length];
        DimsOf(value, dims);
        byte* address = _binding.AcquireOutput(info.Index, dims, Bytes[value]);
        if (_ports is not null && address != null && !_binding.OutputIsOnDevice(info.Index))
        {
            address = _ports.Output(info.Index, address, Bytes[value]);
        }

        Addresses[value] = address == null ? Nothing : address;
    }

    private byte* InputAddress(int index, long bytes)
    {
        var input = _binding.RequireInput(index);
        return _ports is null || input.IsOnDevice ? input.Data : _ports.Input(index, input.Data, bytes);
    }

    private byte* ConstantAddress(int value, ValueInfo info)
    {
        if (Bytes[value] > _model.Model.Constants[info.Index].Length)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.InvalidModel, $"the constant '{info.Name}' is shorter than its dims say", $"{Bytes[value]} bytes", $"{_model.Model.Constants[info.Index].Length}");
        }

        return Bytes[value] == 0 ? Nothing
            : _device is not null ? (byte*)_device.Model.ConstantAddress(info.Index)
            : _executable.ConstantAddress(info.Index);
    }

    private byte* AliasAddress(int value, ValueInfo info)
    {
        long offset = info.ByteOffsetSlot < 0 ? 0 : Slots[info.ByteOffsetSlot];
        if (offset < 0 || offset > Bytes[info.Index] || Bytes[value] > Bytes[info.Index] - offset)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.InvalidModel, $"the view '{info.Name}' reaches beyond '{_values[info.Index].Name}'", $"at most {Bytes[info.Index]} bytes", $"{Bytes[value]} bytes at {offset}");
        }

        return Addresses[info.Index] + offset;
    }
}
