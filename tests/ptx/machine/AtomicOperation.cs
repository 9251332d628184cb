using System.Numerics;

namespace Dlc.Ptx.Machine;

/// <summary>Reads, changes and writes memory in one step (atom, red); lanes follow one another.</summary>
/// <param name="result">Where the old value goes; -1 for nowhere.</param>
/// <param name="shape">What memory.</param>
/// <param name="b">The first operand.</param>
/// <param name="c">The second operand; -1 for none.</param>
/// <param name="function">The new value from the old one and the operands.</param>
internal sealed unsafe class AtomicOperation(int result, AccessShape shape, int b, int c, Func<ulong, ulong, ulong, ulong> function) : Operation
{
    /// <inheritdoc/>
    public override void Run(Warp warp, uint mask)
    {
        warp.Demand(shape.Address, mask, "the address");
        warp.Demand(b, mask, "the operand of an atomic operation");
        if (c >= 0)
        {
            warp.Demand(c, mask, "the operand of an atomic operation");
        }

        var access = warp.Block.Access;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong place = warp.Slot(shape.Address)[lane] + (ulong)shape.Offset;
            var region = access.Locate(warp, lane, shape.Space, place, shape.Bytes, true, out long offset);
            access.Write(warp, lane, region, offset, shape.Bytes, AccessStamp.Atomic);
            if (region != warp.Block.Shared && region != warp.Block.Local)
            {
                access.Synchronise(place, shape.Acquires, shape.Releases);
            }

            if (!access.AllValid(region, offset, shape.Bytes))
            {
                throw warp.Fault(
                    PtxCheck.Uninitialised, lane, place, $"{shape.Bytes} bytes at offset {offset} of {region.Name} are changed before all of them are written");
            }

            byte* data = region.Data + offset;
            ulong old = shape.Bytes switch
            {
                2 => *(ushort*)data,
                4 => *(uint*)data,
                _ => *(ulong*)data,
            };
            ulong value = function(old, warp.Slot(b)[lane], c < 0 ? 0 : warp.Slot(c)[lane]);
            switch (shape.Bytes)
            {
                case 2:
                    *(ushort*)data = (ushort)value;
                    break;
                case 4:
                    *(uint*)data = (uint)value;
                    break;
                default:
                    *(ulong*)data = value;
                    break;
            }

            if (result >= 0)
            {
                warp.Slot(result)[lane] = old;
            }
        }

        if (result >= 0)
        {
            warp.Define(result, mask, mask);
        }
    }
}
