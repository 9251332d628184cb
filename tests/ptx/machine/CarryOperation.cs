using System.Numerics;

namespace Dlc.Ptx.Machine;

/// <summary>Adds or subtracts with a carry from one instruction to the next (add.cc, addc, sub.cc, subc).</summary>
/// <param name="carry">The slot of the carry.</param>
/// <param name="subtracts">Whether b and the carry are taken away from a.</param>
/// <param name="takes">Whether the carry counts.</param>
/// <param name="gives">Whether the carry is set.</param>
/// <param name="bits">32 or 64.</param>
internal sealed unsafe class CarryOperation(int result, int a, int b, int carry, bool subtracts, bool takes, bool gives, int bits) : Operation
{
    /// <inheritdoc/>
    public override void Run(Warp warp, uint mask)
    {
        UInt128 limit = (UInt128.One << bits) - 1;
        uint known = warp.Known(a) & warp.Known(b) & (takes ? warp.Known(carry) : uint.MaxValue);
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            UInt128 x = warp.Slot(a)[lane] & limit, y = warp.Slot(b)[lane] & limit;
            y += takes ? warp.Slot(carry)[lane] : 0;
            UInt128 value = subtracts ? x - y : x + y;
            warp.Slot(result)[lane] = (ulong)(value & limit);
            if (gives)
            {
                warp.Slot(carry)[lane] = subtracts ? (x < y ? 1ul : 0) : (value > limit ? 1ul : 0);
            }
        }

        warp.Define(result, mask, known);
        if (gives)
        {
            warp.Define(carry, mask, known);
        }
    }
}
