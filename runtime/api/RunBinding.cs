using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Dlc.Runtime.Format;

namespace Dlc.Runtime;

/// <summary>
/// Inputs and outputs of a model, bound once and run many times without managed allocations. Memory is used where it is; what is
/// managed stays pinned until the port is bound again or the binding is disposed. Outputs that are not bound go to memory of the binding.
/// Inputs and outputs must not overlap. Used by one thread at a time.
/// </summary>
public sealed unsafe partial class RunBinding : IDisposable
{
    private readonly BoundInput[] _inputs;
    private readonly BoundOutput[] _outputs;
    private bool _disposed;

    internal RunBinding(CompiledModel model)
    {
        Model = model;
        _inputs = new BoundInput[model.Inputs.Count];
        for (int i = 0; i < _inputs.Length; i++)
        {
            _inputs[i] = new BoundInput(model.Inputs[i].Dims.Count);
        }

        _outputs = new BoundOutput[model.Outputs.Count];
        for (int i = 0; i < _outputs.Length; i++)
        {
            _outputs[i] = new BoundOutput(model.Outputs[i]);
        }
    }

    ~RunBinding() => Free();

    /// <summary>The model whose ports these are.</summary>
    public CompiledModel Model { get; }

    /// <summary>Binds an input to memory that the caller keeps in place.</summary>
    /// <param name="port">Name or index.</param>
    /// <param name="type">Element type of the memory, which must be the input's.</param>
    /// <param name="data">First element, aligned to its size; may be null for no elements.</param>
    /// <param name="length">Bytes at <paramref name="data"/>, at least what the dims need.</param>
    /// <param name="dims">Dims of the dense row-major tensor.</param>
    /// <exception cref="DlcRuntimeException">UnknownName, WrongType, WrongRank, NegativeDim, DimOverflow or BufferTooSmall.</exception>
    public void BindInput(PortKey port, ScalarType type, void* data, long length, ReadOnlySpan<long> dims)
    {
        int index = FreeInput(port);
        PortChecks.Type(Model.Inputs[index], "input", Model.Inputs[index].Type == type, type.Name());
        Bind(index, (byte*)data, length, dims, default);
    }

    /// <summary>Binds an input to memory of the user; see the form with a pointer.</summary>
    public void BindInput<T>(PortKey port, ReadOnlyMemory<T> elements, ReadOnlySpan<long> dims)
        where T : unmanaged
    {
        int index = FreeInput(port);
        PortChecks.Type<T>(Model.Inputs[index], "input");
        var pin = elements.Pin();
        Bind(index, (byte*)pin.Pointer, (long)elements.Length * sizeof(T), dims, pin);
    }

    /// <summary>Binds an input to an array; see the form with a pointer.</summary>
    public void BindInput<T>(PortKey port, T[] elements, ReadOnlySpan<long> dims)
        where T : unmanaged => BindInput(port, new ReadOnlyMemory<T>(elements), dims);

    /// <summary>Binds an input to bytes of elements of whatever type it has.</summary>
    public void BindInputBytes(PortKey port, ReadOnlyMemory<byte> bytes, ReadOnlySpan<long> dims)
    {
        int index = FreeInput(port);
        var pin = bytes.Pin();
        Bind(index, (byte*)pin.Pointer, bytes.Length, dims, pin);
    }

    /// <summary>Binds an input to a tensor of any element type.</summary>
    public void BindInput(PortKey port, InputTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        tensor.BindTo(this, port);
    }

    /// <summary>Binds an input to a tensor: where it is if it is dense, else to a copy made now.</summary>
    public void BindInput<T>(PortKey port, Tensor<T> tensor)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!tensor.IsDense)
        {
            CopyInput(port, tensor.AsReadOnlyTensorSpan());
            return;
        }

        int index = FreeInput(port);
        PortChecks.Type<T>(Model.Inputs[index], "input");
        Span<long> dims = stackalloc long[PortChecks.AxesFor(Model.Inputs[index], tensor.Rank, tensor.FlattenedLength)];
        PortChecks.Widen(tensor.Lengths, dims);
        var pin = tensor.GetPinnedHandle();
        Bind(index, (byte*)pin.Pointer, (long)tensor.FlattenedLength * sizeof(T), dims, pin);
    }

    /// <summary>Copies a tensor to memory of the binding.</summary>
    public void CopyInput<T>(PortKey port, scoped in ReadOnlyTensorSpan<T> tensor)
        where T : unmanaged
    {
        int index = FreeInput(port);
        PortChecks.Type<T>(Model.Inputs[index], "input");
        Span<long> dims = stackalloc long[PortChecks.AxesFor(Model.Inputs[index], tensor.Rank, tensor.FlattenedLength)];
        PortChecks.Widen(tensor.Lengths, dims);
        long length = PortChecks.BytesFor(Model.Inputs[index], dims);
        var target = new Span<T>(_inputs[index].SetCopy(length), checked((int)(length / sizeof(T))));
        tensor.FlattenTo(target);
        dims.CopyTo(_inputs[index].Dims);
    }

    /// <summary>Copies row-major elements to memory of the binding.</summary>
    public void CopyInput<T>(PortKey port, scoped ReadOnlySpan<T> elements, scoped ReadOnlySpan<long> dims)
        where T : unmanaged
    {
        int index = FreeInput(port);
        PortChecks.Type<T>(Model.Inputs[index], "input");
        long length = PortChecks.BytesFor(Model.Inputs[index], dims);
        PortChecks.Length(Model.Inputs[index], length, (long)elements.Length * sizeof(T), dims);
        elements[..(int)(length / sizeof(T))].CopyTo(new Span<T>(_inputs[index].SetCopy(length), elements.Length));
        dims.CopyTo(_inputs[index].Dims);
    }

    /// <summary>Gives an input that is bound other dims over the same memory, which must be large enough.</summary>
    public void SetInputDims(PortKey port, ReadOnlySpan<long> dims)
    {
        int index = RequireSet(FreeInput(port));
        PortChecks.Length(Model.Inputs[index], PortChecks.BytesFor(Model.Inputs[index], dims), _inputs[index].Length, dims);
        dims.CopyTo(_inputs[index].Dims);
    }

    /// <summary>Binds an output to memory that the caller keeps in place.</summary>
    /// <param name="port">Name or index.</param>
    /// <param name="data">First element, aligned to its size.</param>
    /// <param name="capacity">Bytes at <paramref name="data"/>; a run whose output needs more fails with BufferTooSmall.</param>
    public void BindOutput(PortKey port, void* data, long capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        _outputs[FreeOutput(port)].UseUser((byte*)data, capacity, default);
    }

    /// <summary>Binds an output to memory of the user, which may be larger than what comes out.</summary>
    public void BindOutput<T>(PortKey port, Memory<T> elements)
        where T : unmanaged
    {
        int index = FreeOutput(port);
        PortChecks.Type<T>(Model.Outputs[index], "output");
        var pin = elements.Pin();
        _outputs[index].UseUser((byte*)pin.Pointer, (long)elements.Length * sizeof(T), pin);
    }

    /// <summary>Binds an output to an array, which may be larger than what comes out.</summary>
    public void BindOutput<T>(PortKey port, T[] elements)
        where T : unmanaged => BindOutput(port, new Memory<T>(elements));

    /// <summary>Binds an output to a dense tensor of exactly the dims that come out.</summary>
    public void BindOutput<T>(PortKey port, Tensor<T> tensor)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        int index = FreeOutput(port);
        PortChecks.Type<T>(Model.Outputs[index], "output");
        int rank = PortChecks.AxesFor(Model.Outputs[index], tensor.Rank, tensor.FlattenedLength);
        PortChecks.OutputShape(Model.Outputs[index], tensor.IsDense, rank);
        var pin = tensor.GetPinnedHandle();
        _outputs[index].UseUser((byte*)pin.Pointer, (long)tensor.FlattenedLength * sizeof(T), pin);
        _outputs[index].DemandDims(tensor.Lengths[..rank]);
    }

    /// <summary>Binds an input to memory of the device that runs the model; the caller keeps it until the run is over.</summary>
    /// <param name="port">Name or index.</param>
    /// <param name="address">First element; a multiple of 16.</param>
    /// <param name="length">Bytes there, at least what the dims need.</param>
    /// <param name="dims">Dims of the dense row-major tensor.</param>
    /// <exception cref="DlcRuntimeException">As the form with a pointer; WrongLayout for an address that is no multiple of 16.</exception>
    public void BindDeviceInput(PortKey port, nint address, long length, ReadOnlySpan<long> dims)
    {
        int index = FreeInput(port);
        RequireAligned(address, Model.Inputs[index]);
        PortChecks.Length(Model.Inputs[index], PortChecks.BytesFor(Model.Inputs[index], dims), length, dims);
        _inputs[index].Set((byte*)address, length, default, isOnDevice: true);
        dims.CopyTo(_inputs[index].Dims);
    }

    /// <summary>Binds an output to memory of the device that runs the model; see <see cref="BindDeviceInput"/>.</summary>
    public void BindDeviceOutput(PortKey port, nint address, long capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        int index = FreeOutput(port);
        RequireAligned(address, Model.Outputs[index]);
        _outputs[index].UseDevice(address, capacity);
    }

    /// <summary>Has an output written to memory of the binding, as it is from the start.</summary>
    public void UnbindOutput(PortKey port) => _outputs[FreeOutput(port)].UseOwn();

    /// <summary>Dims of an output after a run; after <see cref="Session.Launch"/> at once.</summary>
    public ReadOnlySpan<long> OutputDims(PortKey port) => Known(port, needsContents: false).Dims;

    /// <summary>Elements of an output after a run, row-major; valid until the next run.</summary>
    public ReadOnlySpan<T> Output<T>(PortKey port)
        where T : unmanaged
    {
        var output = Known(port);
        PortChecks.Type<T>(output.Info, "output");
        return new ReadOnlySpan<T>(output.Data, checked((int)(output.Bytes / sizeof(T))));
    }

    /// <summary>An output after a run; valid until the next run.</summary>
    public ReadOnlyTensorSpan<T> OutputTensor<T>(PortKey port)
        where T : unmanaged
    {
        var output = Known(port);
        PortChecks.Type<T>(output.Info, "output");
        Span<nint> dims = stackalloc nint[output.Dims.Length];
        for (int a = 0; a < dims.Length; a++)
        {
            dims[a] = (nint)output.Dims[a];
        }

        return new ReadOnlyTensorSpan<T>((T*)output.Data, (nint)(output.Bytes / sizeof(T)), dims, []);
    }

    /// <summary>Address and size in bytes of an output after a run; valid until the next run.</summary>
    public void* OutputData(PortKey port, out long bytes)
    {
        var output = Known(port);
        bytes = output.Bytes;
        return output.Data;
    }

    /// <summary>Unpins and frees everything, when a run that was launched with it is done.</summary>
    public void Dispose()
    {
        _run?.Dispose();
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Outputs have no values any more.</summary>
    internal void Reset()
    {
        foreach (var output in _outputs)
        {
            output.Begin();
        }
    }

    internal BoundInput RequireInput(int index) => _inputs[RequireSet(index)];

    internal byte* AcquireOutput(int index, ReadOnlySpan<long> dims, long bytes)
    {
        var output = _outputs[index];
        byte* address = output.Acquire(dims, bytes);
        if (output.IsUsers && bytes > 0)
        {
            foreach (var input in _inputs)
            {
                if (address < input.Data + input.Length && input.Data < address + bytes)
                {
                    throw new DlcRuntimeException(
                        RuntimeErrors.WrongLayout, $"the memory given for output '{output.Info.Name}' overlaps that of an input", "memory of its own", "shared bytes");
                }
            }
        }

        return address;
    }

    internal bool OutputIsOnDevice(int index) => _outputs[index].IsOnDevice;

    private void RequireAligned(nint address, TensorInfo port)
    {
        const int alignment = 16;
        if (!Model.Executable.Model.Target.IsGpu || address % alignment != 0)
        {
            throw new DlcRuntimeException(RuntimeErrors.WrongLayout, $"'{port.Name}' can't be at that address of a device", "a model for a GPU and a multiple of 16", $"{address}");
        }
    }

    internal void AllocateOutputs()
    {
        foreach (var output in _outputs)
        {
            output.UseManaged();
        }
    }

    internal RunResult TakeResult()
    {
        var results = new OutputTensor[_outputs.Length];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = new OutputTensor(_outputs[i].Info, [.. _outputs[i].Dims], _outputs[i].Managed!);
        }

        return new RunResult(results);
    }

    internal void UseInput<T>(int index, scoped in ReadOnlyTensorSpan<T> tensor, T* data)
        where T : unmanaged
    {
        PortChecks.Type<T>(Model.Inputs[index], "input");
        if (!tensor.IsDense)
        {
            throw new DlcRuntimeException(RuntimeErrors.WrongLayout, $"the tensor given for input '{Model.Inputs[index].Name}' has gaps", "a dense tensor", "strides");
        }

        Span<long> dims = stackalloc long[PortChecks.AxesFor(Model.Inputs[index], tensor.Rank, tensor.FlattenedLength)];
        PortChecks.Widen(tensor.Lengths, dims);
        Bind(index, (byte*)data, (long)tensor.FlattenedLength * sizeof(T), dims, default);
    }

    internal void UseOutput<T>(int index, scoped in TensorSpan<T> tensor, T* data)
        where T : unmanaged
    {
        PortChecks.Type<T>(Model.Outputs[index], "output");
        int rank = PortChecks.AxesFor(Model.Outputs[index], tensor.Rank, tensor.FlattenedLength);
        PortChecks.OutputShape(Model.Outputs[index], tensor.IsDense, rank);
        _outputs[index].UseUser((byte*)data, (long)tensor.FlattenedLength * sizeof(T), default);
        _outputs[index].DemandDims(tensor.Lengths[..rank]);
    }

    internal void Clear()
    {
        foreach (var input in _inputs)
        {
            input.Clear();
        }

        foreach (var output in _outputs)
        {
            output.UseOwn();
        }
    }

    private void Bind(int index, byte* data, long length, ReadOnlySpan<long> dims, MemoryHandle pin)
    {
        try
        {
            PortChecks.Length(Model.Inputs[index], PortChecks.BytesFor(Model.Inputs[index], dims), length, dims);
        }
        catch
        {
            pin.Dispose();
            throw;
        }

        _inputs[index].Set(data, length, pin);
        dims.CopyTo(_inputs[index].Dims);
    }

    private int RequireSet(int index) => _inputs[index].IsSet ? index : throw new DlcRuntimeException(
        RuntimeErrors.MissingInput, $"input '{Model.Inputs[index].Name}' was not given", Model.Inputs[index].Shape, "nothing");

    private BoundOutput Known(PortKey port, bool needsContents = true)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (needsContents)
        {
            RequireFree();
        }

        var output = _outputs[Model.OutputIndex(port)];
        return output.IsKnown ? output : throw new InvalidOperationException($"output '{output.Info.Name}' has no value before a run succeeded");
    }

    private void Free()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach (var input in _inputs)
        {
            input.Dispose();
        }

        foreach (var output in _outputs)
        {
            output.Dispose();
        }

        _arena.Dispose();
    }
}
