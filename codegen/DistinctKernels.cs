using Dlc.IR.Kernels;

namespace Dlc.Codegen;

/// <summary>Kernels by their <see cref="Kernel.StructuralKey"/>: each distinct one is compiled once.</summary>
internal sealed class DistinctKernels
{
    internal DistinctKernels(IReadOnlyList<Kernel> all)
    {
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        int[] number = NumberOf = new int[all.Count];
        for (int i = 0; i < all.Count; i++)
        {
            if (!numbers.TryGetValue(all[i].StructuralKey, out number[i]))
            {
                numbers.Add(all[i].StructuralKey, number[i] = Kernels.Count);
                Kernels.Add(all[i]);
            }
        }
    }

    /// <summary>In the order of their first mention.</summary>
    internal List<Kernel> Kernels { get; } = [];

    /// <summary>For each kernel given, which distinct one it is.</summary>
    internal int[] NumberOf { get; }
}
