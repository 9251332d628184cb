using Dlc.IR;

namespace Dlc.Passes.Lowering;

/// <summary>Constants that were rearranged for a kernel: the same tensor packed in the same way is kept once.</summary>
internal sealed class ConstantPool
{
    private readonly Dictionary<(Tensor, string), Tensor> _packed = [];

    public Tensor Packed(Tensor tensor, string how, Func<Tensor> pack)
    {
        if (!_packed.TryGetValue((tensor, how), out var packed))
        {
            _packed.Add((tensor, how), packed = pack());
        }

        return packed;
    }
}
