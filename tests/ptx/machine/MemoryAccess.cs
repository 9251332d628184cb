using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dlc.Ptx.Machine;

/// <summary>Finds what addresses name, and checks bounds, alignment, and what orders accesses of different threads.</summary>
internal sealed unsafe class MemoryAccess(Launch launch, BlockRunner block)
{
    private readonly Dictionary<ulong, HashSet<int>> _released = [];
    private readonly HashSet<int> _acquired = [];
    private readonly HashSet<int> _seen = [];
    private readonly AccessStatistics?[] _counts = new AccessStatistics?[launch.Program.Operations.Length * 2];
    private bool _fenced;

    /// <summary>A new block starts: it has seen nothing of others.</summary>
    public void StartBlock()
    {
        _acquired.Clear();
        _seen.Clear();
        _fenced = false;
    }

    /// <summary>A fence for the whole device: what was seen before of others holds, and what was done before can be seen.</summary>
    public void Fence()
    {
        _fenced = true;
        _acquired.UnionWith(_seen);
    }

    /// <summary>
    /// An atomic access to global memory may tell others that this block has done its part. Blocks are told apart, not threads: of two blocks that have
    /// synchronised in this way everything counts as ordered.
    /// </summary>
    public void Synchronise(ulong address, bool acquires, bool releases)
    {
        if (!_released.TryGetValue(address, out var blocks))
        {
            _released[address] = blocks = [];
        }

        _seen.UnionWith(blocks);
        if (acquires)
        {
            _acquired.UnionWith(_seen);
        }

        if (_fenced || releases)
        {
            blocks.Add(block.BlockIndex);
            blocks.UnionWith(_acquired);
        }
    }

    /// <summary>The memory that a lane names, in bounds and aligned.</summary>
    /// <exception cref="PtxFault">It is not.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Region Locate(Warp warp, int lane, Space space, ulong address, int bytes, bool writes, out long offset, int alignment = 0)
    {
        alignment = alignment == 0 ? bytes : alignment;
        if ((address & (ulong)(alignment - 1)) != 0)
        {
            throw warp.Fault(PtxCheck.Misaligned, lane, address, $"the address of {bytes} bytes is not a multiple of {alignment}");
        }

        if (space == Space.Generic)
        {
            space = AddressSpace.SpaceOf(address);
            address -= AddressSpace.BaseOf(space);
        }

        Region? region;
        switch (space)
        {
            case Space.Global:
                region = address >= AddressSpace.ModuleGlobals ? ModuleGlobal(address) : launch.Memory.Find(address);
                offset = region is null ? 0 : (long)(address - region.Address);
                if (region is null || offset + bytes > region.Size)
                {
                    throw warp.Fault(PtxCheck.OutOfBounds, lane, address, Outside(region, address, offset, bytes));
                }

                if (region.Writes is null && launch.Options.FindRaces)
                {
                    region.Record(launch.Program.GlobalGranuleShift);
                }

                break;
            case Space.Shared:
                region = block.Shared;
                offset = (long)address;
                foreach (var (start, end, _) in region.Parts)
                {
                    if (offset >= start && offset + bytes <= end)
                    {
                        return region;
                    }
                }

                string parts = string.Join(", ", region.Parts.Select(p => $"{p.Name} [{p.Start}, {p.End})"));
                throw warp.Fault(
                    PtxCheck.OutOfBounds, lane, address, $"{bytes} bytes at offset {offset} of shared memory are in no variable; there is {parts}");
            case Space.Local:
                region = block.Local;
                if (address + (ulong)bytes > (ulong)launch.Program.LocalBytes)
                {
                    throw warp.Fault(
                        PtxCheck.OutOfBounds, lane, address, $"{bytes} bytes at offset {address} of {launch.Program.LocalBytes} bytes of local memory");
                }

                offset = (long)address + ((long)((warp.Index * Warp.Lanes) + lane) * launch.Program.LocalBytes);
                break;
            default:
                region = space == Space.Constant ? launch.Constants : launch.Arguments;
                offset = (long)address;
                if (offset < 0 || offset + bytes > region.Size)
                {
                    throw warp.Fault(PtxCheck.OutOfBounds, lane, address, $"{bytes} bytes at offset {offset} of {region.Size} bytes of {region.Name}");
                }

                break;
        }

        if (writes && region.IsReadOnly)
        {
            throw warp.Fault(PtxCheck.OutOfBounds, lane, address, $"{region.Name} may not be written");
        }

        return region;
    }

    /// <summary>Records a read and finds races with writes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(Warp warp, int lane, Region region, long offset, int bytes, ulong flags)
    {
        if (region.Writes is null)
        {
            return;
        }

        ulong stamp = block.Stamp(warp, lane) | flags;
        long last = (offset + bytes - 1) >> region.Shift;
        for (long granule = offset >> region.Shift; granule <= last; granule++)
        {
            ulong write = region.Writes[granule];
            if (write != 0 && write != stamp && Conflicts(region, write, stamp))
            {
                throw Race(warp, lane, region, granule, write, "reads", "wrote");
            }

            if ((flags & AccessStamp.Atomic) != 0)
            {
                continue;
            }

            ulong read = region.Reads[granule];
            if (read != 0 && read != stamp && !Forgotten(region, read))
            {
                int other = AccessStamp.BlockOf(read);
                region.Reads[granule] = other != block.BlockIndex
                    ? AccessStamp.JoinBlocks(stamp)
                    : AccessStamp.Unordered(read, stamp) ? AccessStamp.Join(read, stamp) : stamp;
            }
            else
            {
                region.Reads[granule] = stamp;
            }
        }
    }

    /// <summary>Fails when the launch has written what is read by caches that do not see it.</summary>
    public void DemandUntouched(Warp warp, int lane, Region region, long offset, int bytes)
    {
        if (region.Writes is null)
        {
            return;
        }

        long last = (offset + bytes - 1) >> region.Shift;
        for (long granule = offset >> region.Shift; granule <= last; granule++)
        {
            if (region.Writes[granule] != 0)
            {
                throw Race(warp, lane, region, granule, region.Writes[granule], "reads (.nc: not kept coherent within a launch)", "wrote");
            }
        }
    }

    /// <summary>Records a write and finds races with reads and writes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(Warp warp, int lane, Region region, long offset, int bytes, ulong flags)
    {
        if (region.Writes is null)
        {
            return;
        }

        ulong stamp = block.Stamp(warp, lane) | flags;
        long last = (offset + bytes - 1) >> region.Shift;
        for (long granule = offset >> region.Shift; granule <= last; granule++)
        {
            ulong write = region.Writes[granule];
            if (write != 0 && Conflicts(region, write, stamp))
            {
                throw Race(warp, lane, region, granule, write, "writes", "wrote");
            }

            ulong read = region.Reads[granule];
            if (read != 0 && Conflicts(region, read, stamp))
            {
                throw Race(warp, lane, region, granule, read, "writes", "read");
            }

            region.Writes[granule] = stamp;
        }
    }

    /// <summary>An asynchronous copy has arrived: it counts as a write of the thread that has waited for it, now.</summary>
    public void Complete(Warp warp, int lane, Region region, long offset, int bytes)
    {
        if (region.Writes is null)
        {
            return;
        }

        ulong stamp = block.Stamp(warp, lane);
        long last = (offset + bytes - 1) >> region.Shift;
        for (long granule = offset >> region.Shift; granule <= last; granule++)
        {
            region.Writes[granule] = stamp;
        }
    }

    /// <summary>Fails when one of the bytes has never been written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool AllValid(Region region, long offset, int bytes)
    {
        byte* valid = region.Valid + offset;
        return bytes switch
        {
            1 => *valid != 0,
            2 => *(ushort*)valid == 0x0101,
            4 => *(uint*)valid == 0x01010101,
            8 => *(ulong*)valid == 0x0101010101010101,
            _ => new ReadOnlySpan<byte>(valid, bytes).IndexOf((byte)0) < 0,
        };
    }

    /// <summary>Adds the counts of all instructions to the launch's.</summary>
    public void Report()
    {
        foreach (var counts in _counts.OfType<AccessStatistics>())
        {
            launch.Statistics.Add(counts);
        }
    }

    /// <summary>Counts the transactions of a warp's access.</summary>
    public void Count(Operation operation, Region region, ReadOnlySpan<ulong> addresses, uint mask, int bytes)
    {
        bool shared = region == block.Shared;
        ref var statistics = ref _counts[(operation.Index * 2) + (shared ? 1 : 0)];
        statistics ??= new() { Line = operation.Line, IsShared = shared };
        statistics.Requests++;
        if (shared)
        {
            (long passes, long least) = BankModel.Passes(addresses, mask, bytes);
            statistics.Transactions += passes;
            statistics.LeastTransactions += least;
        }
        else
        {
            (long sectors, long least) = BankModel.Sectors(addresses, mask, bytes);
            statistics.Transactions += sectors;
            statistics.LeastTransactions += least;
        }
    }

    private static string Outside(Region? region, ulong address, long offset, int bytes) => region is null
        ? $"{bytes} bytes at 0x{address:x} are in no allocation"
        : $"{bytes} bytes at offset {offset} of {region.Name}, which has {region.Size} bytes";

    private Region? ModuleGlobal(ulong address)
    {
        ulong slot = (address - AddressSpace.ModuleGlobals) >> AddressSpace.SlotShift;
        return slot < (ulong)launch.ModuleGlobals.Length ? launch.ModuleGlobals[slot] : null;
    }

    // Stamps of earlier blocks remain in shared memory, and those of blocks that this one has synchronised with in global memory.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Forgotten(Region region, ulong stamp)
    {
        int other = AccessStamp.BlockOf(stamp);
        return other != block.BlockIndex && (region == block.Shared || _acquired.Contains(other));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Conflicts(Region region, ulong old, ulong now)
    {
        int other = AccessStamp.BlockOf(old);
        if (other != block.BlockIndex)
        {
            return region != block.Shared && (old & now & AccessStamp.Atomic) == 0 && !_acquired.Contains(other);
        }

        return (old & AccessStamp.InFlight) != 0 || ((old & now & AccessStamp.Atomic) == 0 && AccessStamp.Unordered(old, now));
    }

    private PtxFault Race(Warp warp, int lane, Region region, long granule, ulong old, string now, string before)
    {
        long offset = granule << region.Shift;
        int other = AccessStamp.BlockOf(old);
        string who = other == AccessStamp.ManyBlocks
            ? "several blocks"
            : (old & AccessStamp.ManyWarps) != 0 ? "threads of several warps"
            : (old & AccessStamp.ManyLanes) != 0 ? $"several lanes of warp {AccessStamp.ThreadOf(old) >> 5}"
            : $"thread {launch.Block.At(AccessStamp.ThreadOf(old))}";
        if (other != block.BlockIndex && other != AccessStamp.ManyBlocks)
        {
            who += $" of block {launch.Grid.At(other)}";
        }

        string why = (old & AccessStamp.InFlight) != 0
            ? $"an asynchronous copy of {who} has not been waited for"
            : $"{who} {before} it, and nothing orders the two";
        return warp.Fault(PtxCheck.Race, lane, region.Address + (ulong)offset, $"the thread {now} {region.Name} at offset {offset}: {why}");
    }
}
