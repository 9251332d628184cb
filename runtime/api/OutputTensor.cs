using System.Numerics.Tensors;
using Dlc.Runtime.Format;

namespace Dlc.Runtime;

/// <summary>One output of <see cref="RunResult"/> in managed memory of its own.</summary>
public sealed class OutputTensor
{
    private readonly long[] _dims;

    internal OutputTensor(TensorInfo info, long[] dims, Array elements)
    {
        Info = info;
        _dims = dims;
        Elements = elements;
    }

    /// <summary>Name, element type and symbolic dims.</summary>
    public TensorInfo Info { get; }

    /// <summary>Dims of this run.</summary>
    public ReadOnlySpan<long> Dims => _dims;

    /// <summary>The elements, row-major: <c>float[]</c> for f32 and so on; <c>ushort[]</c> for bf16, <c>byte[]</c> for types that C# lacks.</summary>
    public Array Elements { get; }

    /// <summary>The elements as an array of <typeparamref name="T"/>.</summary>
    /// <exception cref="DlcRuntimeException">WrongType.</exception>
    public T[] ToArray<T>()
        where T : unmanaged => Elements as T[] ?? throw new DlcRuntimeException(
            RuntimeErrors.WrongType, $"output '{Info.Name}' has another element type", Info.Type.Name(), typeof(T).Name);

    /// <summary>The output as a tensor over the same memory. A scalar comes as a tensor of one axis of length 1, as the BCL has no
    /// tensor of one element without axes.</summary>
    /// <exception cref="DlcRuntimeException">WrongType.</exception>
    public Tensor<T> As<T>()
        where T : unmanaged
    {
        var elements = ToArray<T>();
        if (_dims.Length == 0)
        {
            return Tensor.Create(elements, [1]);
        }

        var lengths = new nint[_dims.Length];
        for (int a = 0; a < lengths.Length; a++)
        {
            lengths[a] = (nint)_dims[a];
        }

        return Tensor.Create(elements, lengths);
    }
}
