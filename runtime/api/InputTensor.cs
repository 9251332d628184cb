using System.Numerics;
using System.Numerics.Tensors;

namespace Dlc.Runtime;

/// <summary>
/// An input for <see cref="Session.Run(ReadOnlySpan{ValueTuple{string, InputTensor}})"/>: tensors of the BCL convert to it. bf16 is given
/// as <see cref="ushort"/>.
/// </summary>
public abstract class InputTensor
{
    private protected InputTensor()
    {
    }

    public static implicit operator InputTensor(Tensor<float> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<double> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<Half> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<sbyte> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<short> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<int> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<long> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<byte> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<ushort> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<uint> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<ulong> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<bool> tensor) => From(tensor);

    public static implicit operator InputTensor(Tensor<Complex> tensor) => From(tensor);

    /// <summary>A tensor of any element type that the runtime knows.</summary>
    public static InputTensor From<T>(Tensor<T> tensor)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new Whole<T>(tensor);
    }

    /// <summary>Row-major elements with their dims; no dims for a scalar.</summary>
    public static InputTensor From<T>(ReadOnlyMemory<T> elements, params long[] dims)
        where T : unmanaged => new Flat<T>(elements, dims);

    /// <summary>Row-major elements with their dims; no dims for a scalar.</summary>
    public static InputTensor From<T>(T[] elements, params long[] dims)
        where T : unmanaged => new Flat<T>(elements, dims);

    /// <summary>Bytes of elements of whatever type the input has, with their dims.</summary>
    public static InputTensor FromBytes(ReadOnlyMemory<byte> bytes, params long[] dims) => new Raw(bytes, dims);

    internal abstract void BindTo(RunBinding binding, PortKey key);

    private sealed class Whole<T>(Tensor<T> tensor) : InputTensor
        where T : unmanaged
    {
        internal override void BindTo(RunBinding binding, PortKey key) => binding.BindInput(key, tensor);
    }

    private sealed class Flat<T>(ReadOnlyMemory<T> elements, long[] dims) : InputTensor
        where T : unmanaged
    {
        internal override void BindTo(RunBinding binding, PortKey key) => binding.BindInput(key, elements, dims);
    }

    private sealed class Raw(ReadOnlyMemory<byte> bytes, long[] dims) : InputTensor
    {
        internal override void BindTo(RunBinding binding, PortKey key) => binding.BindInputBytes(key, bytes, dims);
    }
}
