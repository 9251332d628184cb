using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dlc.Ptx.Machine;

/// <summary>What all accesses to memory have.</summary>
/// <param name="Space">The space that the text names.</param>
/// <param name="Address">The slot of the address.</param>
/// <param name="Offset">Added to it.</param>
/// <param name="Bytes">Of one element.</param>
/// <param name="Strong">Whether the access is volatile or relaxed: races with nothing of its kind.</param>
/// <param name="Acquires">Whether what others have released is seen from here on.</param>
/// <param name="Releases">Whether others that see it see what was done before.</param>
/// <param name="ReadOnlyPath">Whether a load goes by caches that do not see what the kernel writes (<c>.nc</c>).</param>
internal sealed record AccessShape(
    Space Space,
    int Address,
    long Offset,
    int Bytes,
    bool Strong = false,
    bool Acquires = false,
    bool Releases = false,
    bool ReadOnlyPath = false);

/// <summary>Loads one to eight elements into registers; a result of -1 is dropped.</summary>
internal sealed unsafe class LoadOperation(int[] results, AccessShape shape, bool signed) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        warp.Demand(shape.Address, mask, "the address");
        var access = warp.Block.Access;
        ulong* address = warp.Slot(shape.Address);
        int bytes = shape.Bytes, all = bytes * results.Length;
        Span<ulong> places = stackalloc ulong[Warp.Lanes];
        Region region = null!;
        uint unknown = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong place = address[lane] + (ulong)shape.Offset;
            places[lane] = place;
            region = access.Locate(warp, lane, shape.Space, place, all, false, out long offset);
            access.Read(warp, lane, region, offset, all, shape.Strong ? AccessStamp.Atomic : 0);
            if (shape.ReadOnlyPath)
            {
                access.DemandUntouched(warp, lane, region, offset, all);
            }

            if (shape.Strong && region != warp.Block.Shared && region != warp.Block.Local)
            {
                access.Synchronise(place, shape.Acquires, false);
            }

            if (!access.AllValid(region, offset, all))
            {
                if (region != warp.Block.Local && !warp.Block.AllowUninitialisedLoads)
                {
                    throw warp.Fault(
                        PtxCheck.Uninitialised, lane, place, $"{all} bytes at offset {offset} of {region.Name} are read before all of them are written");
                }

                unknown |= 1u << lane;
            }

            byte* data = region.Data + offset;
            for (int i = 0; i < results.Length; i++, data += bytes)
            {
                if (results[i] >= 0)
                {
                    warp.Slot(results[i])[lane] = (bytes, signed) switch
                    {
                        (1, false) => *data,
                        (2, false) => *(ushort*)data,
                        (4, false) => *(uint*)data,
                        (1, true) => (ulong)*(sbyte*)data,
                        (2, true) => (ulong)*(short*)data,
                        (4, true) => (ulong)*(int*)data,
                        _ => *(ulong*)data,
                    };
                }
            }
        }

        foreach (int result in results)
        {
            if (result >= 0)
            {
                warp.Define(result, mask, ~unknown);
            }
        }

        if (Kind is PtxKind.GlobalLoad or PtxKind.SharedLoad)
        {
            access.Count(this, region, places, mask, all);
        }
    }
}

/// <summary>Stores one to eight elements.</summary>
internal sealed unsafe class StoreOperation(int[] values, AccessShape shape) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        warp.Demand(shape.Address, mask, "the address");
        var access = warp.Block.Access;
        ulong* address = warp.Slot(shape.Address);
        int bytes = shape.Bytes, all = bytes * values.Length;
        Span<ulong> places = stackalloc ulong[Warp.Lanes];
        Region region = null!;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong place = address[lane] + (ulong)shape.Offset;
            places[lane] = place;
            region = access.Locate(warp, lane, shape.Space, place, all, true, out long offset);
            access.Write(warp, lane, region, offset, all, shape.Strong ? AccessStamp.Atomic : 0);
            bool global = region != warp.Block.Shared && region != warp.Block.Local;
            if (shape.Strong && global)
            {
                access.Synchronise(place, false, shape.Releases);
            }

            byte* data = region.Data + offset, valid = region.Valid + offset;
            for (int i = 0; i < values.Length; i++, data += bytes, valid += bytes)
            {
                ulong value = warp.Slot(values[i])[lane];
                bool known = (warp.Known(values[i]) >> lane & 1) != 0;
                if (!known && global)
                {
                    throw warp.Fault(PtxCheck.Uninitialised, lane, place, "the value stored is made of a value that nobody has written");
                }

                switch (bytes)
                {
                    case 1:
                        *data = (byte)value;
                        break;
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

                Unsafe.InitBlock(valid, known ? (byte)1 : (byte)0, (uint)bytes);
            }
        }

        if (Kind is PtxKind.GlobalStore or PtxKind.SharedStore)
        {
            access.Count(this, region, places, mask, all);
        }
    }
}
