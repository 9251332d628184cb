using System.Runtime.Intrinsics;
using Dlc.Ptx.Semantics;

namespace Dlc.Ptx.Machine;

/// <summary>
/// D = A * B + C over a warp (mma.sync). Products are exact and summed in f64, then rounded once: no worse than a tensor core, which rounds on the way.
/// </summary>
/// <param name="accumulators">f32, f16 or s32.</param>
/// <param name="layout">Where the elements are.</param>
/// <param name="d">Slots of D.</param>
/// <param name="a">Slots of A.</param>
/// <param name="b">Slots of B.</param>
/// <param name="c">Slots of C.</param>
/// <param name="readA">The value of an element of A.</param>
/// <param name="readB">The value of an element of B.</param>
internal sealed unsafe class MatrixOperation(
    string accumulators, MatrixLayout layout, int[] d, int[] a, int[] b, int[] c, Func<ulong, double> readA, Func<ulong, double> readB)
    : MeetingOperation(-1)
{
    /// <inheritdoc/>
    public override void Run(Warp warp, uint mask)
    {
        int depth = layout.Depth;
        double* left = stackalloc double[MatrixLayout.Rows * depth];
        double* right = stackalloc double[MatrixLayout.Columns * depth];
        double* sum = stackalloc double[MatrixLayout.Rows * MatrixLayout.Columns];
        bool known = Known(warp, a) && Known(warp, b) && Known(warp, c);
        Spread(warp, a, layout.PlacesOfA, left, readA);
        Spread(warp, b, layout.PlacesOfB, right, readB);
        for (int row = 0; row < MatrixLayout.Rows; row++)
        {
            var total = Vector512<double>.Zero;
            for (int k = 0; k < depth; k++)
            {
                total += Vector512.Create(left[(row * depth) + k]) * Vector512.Load(right + (k * MatrixLayout.Columns));
            }

            total.Store(sum + (row * MatrixLayout.Columns));
        }

        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                var (row, column) = MatrixLayout.OfC(lane, i);
                Add(warp, lane, i, sum[(row * MatrixLayout.Columns) + column]);
            }
        }

        foreach (int slot in d)
        {
            warp.Define(slot, mask, known ? uint.MaxValue : 0);
        }
    }

    // Every element depends on registers of several lanes: one unknown register makes all of them unknown.
    private static bool Known(Warp warp, int[] slots)
    {
        foreach (int slot in slots)
        {
            if (warp.Known(slot) != uint.MaxValue)
            {
                return false;
            }
        }

        return true;
    }

    // Takes the elements out of registers and puts them where they belong in the matrix.
    private void Spread(Warp warp, int[] slots, ReadOnlySpan<int> places, double* matrix, Func<ulong, double> read)
    {
        int bits = layout.ElementBits, perRegister = layout.PerRegister, perLane = slots.Length * perRegister;
        ulong element = (1ul << bits) - 1;
        for (int register = 0; register < slots.Length; register++)
        {
            ulong* values = warp.Slot(slots[register]);
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                ulong value = values[lane];
                int first = (lane * perLane) + (register * perRegister);
                for (int i = 0; i < perRegister; i++, value >>= bits)
                {
                    matrix[places[first + i]] = read(value & element);
                }
            }
        }
    }

    private void Add(Warp warp, int lane, int i, double product)
    {
        switch (accumulators)
        {
            case "f32":
                warp.Slot(d[i])[lane] = FloatFormat.F32.Nearest(product + FloatFormat.F32.Read(warp.Slot(c[i])[lane]));
                break;
            case "s32":
                warp.Slot(d[i])[lane] = (uint)((long)product + (int)warp.Slot(c[i])[lane]);
                break;
            default:
                int shift = 16 * (i & 1);
                ulong before = (warp.Slot(c[i >> 1])[lane] >> shift) & 0xffff;
                ulong after = FloatFormat.F16.Nearest(product + FloatFormat.F16.Read(before)) << shift;
                ulong other = (i & 1) == 0 ? 0 : warp.Slot(d[i >> 1])[lane] & 0xffff;
                warp.Slot(d[i >> 1])[lane] = after | other;
                break;
        }
    }
}
