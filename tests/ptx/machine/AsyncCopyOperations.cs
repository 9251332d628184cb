using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dlc.Ptx.Machine;

/// <summary>
/// Copies 4, 8 or 16 bytes from global to shared memory without waiting (cp.async). The bytes appear when the thread has waited for them; until then nobody
/// may touch the place.
/// </summary>
/// <param name="target">Where to.</param>
/// <param name="source">Where from.</param>
/// <param name="sourceBytes">The slot of how many bytes to read; the rest is zero. -1 for all.</param>
internal sealed unsafe class AsyncCopyOperation(AccessShape target, AccessShape source, int sourceBytes) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        warp.Demand(target.Address, mask, "the address to copy to");
        var access = warp.Block.Access;
        int bytes = target.Bytes;
        Span<ulong> places = stackalloc ulong[Warp.Lanes], origins = stackalloc ulong[Warp.Lanes];
        ulong* buffer = stackalloc ulong[2];
        uint reading = 0;
        Region region = null!, origin = null!;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            int count = bytes;
            if (sourceBytes >= 0)
            {
                warp.Demand(sourceBytes, 1u << lane, "the number of bytes to copy");
                uint wanted = (uint)warp.Slot(sourceBytes)[lane];
                count = wanted <= (uint)bytes
                    ? (int)wanted
                    : throw warp.Fault(PtxCheck.OutOfBounds, lane, 0, $"a copy of {bytes} bytes is to read {wanted}");
            }

            buffer[0] = buffer[1] = 0;
            if (count > 0)
            {
                warp.Demand(source.Address, 1u << lane, "the address to copy from");
                ulong from = origins[lane] = warp.Slot(source.Address)[lane] + (ulong)source.Offset;
                if ((from & (ulong)(bytes - 1)) != 0)
                {
                    throw warp.Fault(PtxCheck.Misaligned, lane, from, $"the address of {bytes} bytes is not a multiple of {bytes}");
                }

                origin = access.Locate(warp, lane, source.Space, from, count, false, out long at, 1);
                access.Read(warp, lane, origin, at, count, 0);
                if (!access.AllValid(origin, at, count))
                {
                    throw warp.Fault(
                        PtxCheck.Uninitialised, lane, from, $"{count} bytes at offset {at} of {origin.Name} are copied before all of them are written");
                }

                Unsafe.CopyBlock(buffer, origin.Data + at, (uint)count);
                reading |= 1u << lane;
            }

            ulong place = places[lane] = warp.Slot(target.Address)[lane] + (ulong)target.Offset;
            region = access.Locate(warp, lane, target.Space, place, bytes, true, out long offset);
            if (region != warp.Block.Shared)
            {
                throw warp.Fault(PtxCheck.OutOfBounds, lane, place, "the copy does not go to shared memory");
            }

            access.Write(warp, lane, region, offset, bytes, AccessStamp.InFlight);
            Unsafe.InitBlock(region.Valid + offset, 0, (uint)bytes);
            warp.Block.Copies((warp.Index * Warp.Lanes) + lane).Pending.Add(new(offset, bytes, buffer[0], buffer[1]));
        }

        access.Count(this, region, places, mask, bytes);
        if (reading != 0)
        {
            access.Count(this, origin, origins, reading, bytes);
        }
    }
}

/// <summary>Closes a group over the copies of a thread (cp.async.commit_group).</summary>
internal sealed class CommitCopiesOperation : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            var copies = warp.Block.Copies((warp.Index * Warp.Lanes) + BitOperations.TrailingZeroCount(rest));
            foreach (var copy in copies.Pending)
            {
                copy.Group = copy.Group < 0 ? copies.Groups : copy.Group;
            }

            copies.Groups++;
        }
    }
}

/// <summary>Waits until at most so many groups of a thread's copies are on the way (cp.async.wait_group), or none at all (cp.async.wait_all).</summary>
/// <param name="groups">How many may be on the way; -1 for none, copies without a group included.</param>
internal sealed unsafe class WaitCopiesOperation(int groups) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        var region = warp.Block.Shared;
        ulong* buffer = stackalloc ulong[2];
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            var copies = warp.Block.Copies((warp.Index * Warp.Lanes) + lane);
            int kept = 0;
            for (int i = 0; i < copies.Pending.Count; i++)
            {
                var copy = copies.Pending[i];
                if (groups >= 0 && (copy.Group < 0 || copy.Group >= copies.Groups - groups))
                {
                    copies.Pending[kept++] = copy;
                    continue;
                }

                buffer[0] = copy.Low;
                buffer[1] = copy.High;
                Unsafe.CopyBlock(region.Data + copy.Offset, buffer, (uint)copy.Bytes);
                Unsafe.InitBlock(region.Valid + copy.Offset, 1, (uint)copy.Bytes);
                warp.Block.Access.Complete(warp, lane, region, copy.Offset, copy.Bytes);
            }

            copies.Pending.RemoveRange(kept, copies.Pending.Count - kept);
        }
    }
}
