using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dlc.Ptx.Machine;

/// <summary>Loads 8 x 8 matrices of 16-bit elements from shared memory, a row of 16 bytes for each of eight lanes (ldmatrix).</summary>
internal sealed unsafe class LoadMatrixOperation(int[] results, AccessShape shape, bool transposed) : MeetingOperation(-1)
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        const int rowBytes = 16, rows = 8;
        int lanes = rows * results.Length;
        uint reading = lanes == Warp.Lanes ? uint.MaxValue : (1u << lanes) - 1;
        warp.Demand(shape.Address, reading, "the address of a row");
        var access = warp.Block.Access;
        Span<ulong> places = stackalloc ulong[Warp.Lanes];
        ushort* elements = stackalloc ushort[rows * rows];
        Region region = null!;
        for (int matrix = 0; matrix < results.Length; matrix++)
        {
            bool known = true;
            for (int row = 0; row < rows; row++)
            {
                int lane = (matrix * rows) + row;
                ulong place = places[lane] = warp.Slot(shape.Address)[lane] + (ulong)shape.Offset;
                region = access.Locate(warp, lane, shape.Space, place, rowBytes, false, out long offset);
                if (region != warp.Block.Shared)
                {
                    throw warp.Fault(PtxCheck.OutOfBounds, lane, place, "the row is not in shared memory");
                }

                access.Read(warp, lane, region, offset, rowBytes, 0);
                if (!access.AllValid(region, offset, rowBytes))
                {
                    if (!warp.Block.AllowUninitialisedLoads)
                    {
                        throw warp.Fault(PtxCheck.Uninitialised, lane, place, $"the row at offset {offset} is read before all of it is written");
                    }

                    known = false;
                }

                new ReadOnlySpan<ushort>(region.Data + offset, rows).CopyTo(new Span<ushort>(elements + (row * rows), rows));
            }

            ulong* result = warp.Slot(results[matrix]);
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                int row = lane >> 2, column = (lane & 3) * 2;
                result[lane] = transposed
                    ? elements[(column * rows) + row] | ((ulong)elements[((column + 1) * rows) + row] << 16)
                    : elements[(row * rows) + column] | ((ulong)elements[(row * rows) + column + 1] << 16);
            }

            warp.Define(results[matrix], mask, known ? uint.MaxValue : 0);
        }

        access.Count(this, region, places, reading, rowBytes);
    }
}

/// <summary>Stores 8 x 8 matrices of 16-bit elements to shared memory (stmatrix).</summary>
internal sealed unsafe class StoreMatrixOperation(int[] values, AccessShape shape, bool transposed) : MeetingOperation(-1)
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        const int rowBytes = 16, rows = 8;
        int lanes = rows * values.Length;
        uint writing = lanes == Warp.Lanes ? uint.MaxValue : (1u << lanes) - 1;
        warp.Demand(shape.Address, writing, "the address of a row");
        var access = warp.Block.Access;
        Span<ulong> places = stackalloc ulong[Warp.Lanes];
        Region region = null!;
        for (int matrix = 0; matrix < values.Length; matrix++)
        {
            byte known = warp.Known(values[matrix]) == uint.MaxValue ? (byte)1 : (byte)0;
            ulong* value = warp.Slot(values[matrix]);
            for (int row = 0; row < rows; row++)
            {
                int lane = (matrix * rows) + row;
                ulong place = places[lane] = warp.Slot(shape.Address)[lane] + (ulong)shape.Offset;
                region = access.Locate(warp, lane, shape.Space, place, rowBytes, true, out long offset);
                access.Write(warp, lane, region, offset, rowBytes, 0);
                ushort* data = (ushort*)(region.Data + offset);
                for (int column = 0; column < rows; column++)
                {
                    int across = transposed ? row : column, down = transposed ? column : row;
                    data[column] = (ushort)(value[(down * 4) + (across >> 1)] >> (16 * (across & 1)));
                }

                new Span<byte>(region.Valid + offset, rowBytes).Fill(known);
            }
        }

        access.Count(this, region, places, writing, rowBytes);
    }
}

/// <summary>Transposes an 8 x 8 matrix of 16-bit elements over the warp (movmatrix).</summary>
internal sealed unsafe class TransposeMatrixOperation(int result, int source) : MeetingOperation(-1)
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        const int rows = 8;
        ushort* elements = stackalloc ushort[rows * rows];
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            ulong value = warp.Slot(source)[lane];
            elements[lane * 2] = (ushort)value;
            elements[(lane * 2) + 1] = (ushort)(value >> 16);
        }

        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            int row = lane >> 2, column = (lane & 3) * 2;
            warp.Slot(result)[lane] = elements[(column * rows) + row] | ((ulong)elements[((column + 1) * rows) + row] << 16);
        }

        warp.Define(result, mask, warp.Known(source) == uint.MaxValue ? uint.MaxValue : 0);
    }
}
