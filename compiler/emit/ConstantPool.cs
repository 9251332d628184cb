using Dlc.IR;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Emit;

/// <summary>The constants of an executable, each content once.</summary>
internal sealed class ConstantPool
{
    private readonly List<ReadOnlyMemory<byte>> _items = [];
    private readonly Dictionary<Tensor, int> _byTensor = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<int, List<int>> _byHash = [];

    /// <summary>Bytes of all of them.</summary>
    public long Bytes { get; private set; }

    /// <summary>The number of the constant with the bytes of a tensor.</summary>
    public int Add(Tensor tensor)
    {
        if (_byTensor.TryGetValue(tensor, out var known))
        {
            return known;
        }

        var hash = Hash(tensor.Bytes);
        if (!_byHash.TryGetValue(hash, out var candidates))
        {
            _byHash.Add(hash, candidates = []);
        }

        var index = candidates.FindIndex(c => _items[c].Span.SequenceEqual(tensor.Bytes));
        if (index >= 0)
        {
            index = candidates[index];
        }
        else
        {
            index = _items.Count;
            _items.Add(tensor.Memory);
            candidates.Add(index);
            Bytes += tensor.Memory.Length;
        }

        _byTensor.Add(tensor, index);
        return index;
    }

    public ConstantData[] Build() => [.. _items.Select(ConstantData.From)];

    /// <summary>Looks at the ends and a sample between: candidates are compared in full.</summary>
    private static int Hash(ReadOnlySpan<byte> bytes)
    {
        const int Part = 256;
        var hash = default(HashCode);
        hash.Add(bytes.Length);
        if (bytes.Length <= 4 * Part)
        {
            hash.AddBytes(bytes);
            return hash.ToHashCode();
        }

        for (var i = 0; i < 4; i++)
        {
            var start = (int)((long)(bytes.Length - Part) * i / 3);
            hash.AddBytes(bytes.Slice(start, Part));
        }

        return hash.ToHashCode();
    }
}
