using System.Numerics;
using System.Runtime.CompilerServices;

namespace Dlc.Ptx.Machine;

/// <summary>One value from one.</summary>
internal sealed unsafe class UnaryOperation(int result, int a, Func<ulong, ulong> function) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        ulong* r = warp.Slot(result), x = warp.Slot(a);
        if (mask == uint.MaxValue)
        {
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                r[lane] = function(x[lane]);
            }
        }
        else
        {
            for (uint rest = mask; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                r[lane] = function(x[lane]);
            }
        }

        warp.Define(result, mask, warp.Known(a));
    }
}

/// <summary>A copy.</summary>
internal sealed unsafe class MoveOperation(int result, int a) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        ulong* r = warp.Slot(result), x = warp.Slot(a);
        if (mask == uint.MaxValue)
        {
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                r[lane] = x[lane];
            }
        }
        else
        {
            for (uint rest = mask; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                r[lane] = x[lane];
            }
        }

        warp.Define(result, mask, warp.Known(a));
    }
}

/// <summary>One value from two.</summary>
internal sealed unsafe class BinaryOperation(int result, int a, int b, Func<ulong, ulong, ulong> function) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        ulong* r = warp.Slot(result), x = warp.Slot(a), y = warp.Slot(b);
        if (mask == uint.MaxValue)
        {
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                r[lane] = function(x[lane], y[lane]);
            }
        }
        else
        {
            for (uint rest = mask; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                r[lane] = function(x[lane], y[lane]);
            }
        }

        warp.Define(result, mask, warp.Known(a) & warp.Known(b));
    }
}

/// <summary>One value from three.</summary>
internal sealed unsafe class TernaryOperation(int result, int a, int b, int c, Func<ulong, ulong, ulong, ulong> function) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        ulong* r = warp.Slot(result), x = warp.Slot(a), y = warp.Slot(b), z = warp.Slot(c);
        if (mask == uint.MaxValue)
        {
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                r[lane] = function(x[lane], y[lane], z[lane]);
            }
        }
        else
        {
            for (uint rest = mask; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                r[lane] = function(x[lane], y[lane], z[lane]);
            }
        }

        warp.Define(result, mask, warp.Known(a) & warp.Known(b) & warp.Known(c));
    }
}

/// <summary>One value from four.</summary>
internal sealed unsafe class QuaternaryOperation(int result, int a, int b, int c, int d, Func<ulong, ulong, ulong, ulong, ulong> function) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        ulong* r = warp.Slot(result), x = warp.Slot(a), y = warp.Slot(b), z = warp.Slot(c), w = warp.Slot(d);
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            r[lane] = function(x[lane], y[lane], z[lane], w[lane]);
        }

        warp.Define(result, mask, warp.Known(a) & warp.Known(b) & warp.Known(c) & warp.Known(d));
    }
}

/// <summary>A comparison, perhaps combined with a predicate, and its opposite.</summary>
/// <param name="p">Where the result goes; -1 for nowhere.</param>
/// <param name="q">Where the result for the opposite comparison goes; -1 for nowhere.</param>
/// <param name="c">The predicate to combine with; -1 for none.</param>
internal sealed unsafe class CompareOperation(int p, int q, int a, int b, int c, string combine, Func<ulong, ulong, bool> function) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        ulong* x = warp.Slot(a), y = warp.Slot(b);
        uint known = warp.Known(a) & warp.Known(b) & (c < 0 ? uint.MaxValue : warp.Known(c));
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong yes = function(x[lane], y[lane]) ? 1ul : 0, no = yes ^ 1;
            if (c >= 0)
            {
                ulong other = warp.Slot(c)[lane];
                (yes, no) = combine switch
                {
                    "and" => (yes & other, no & other),
                    "or" => (yes | other, no | other),
                    _ => (yes ^ other, no ^ other),
                };
            }

            if (p >= 0)
            {
                warp.Slot(p)[lane] = yes;
            }

            if (q >= 0)
            {
                warp.Slot(q)[lane] = no;
            }
        }

        if (p >= 0)
        {
            warp.Define(p, mask, known);
        }

        if (q >= 0)
        {
            warp.Define(q, mask, known);
        }
    }
}

/// <summary>One of two values; what is not chosen need not be known.</summary>
internal sealed unsafe class SelectOperation(int result, int a, int b, int predicate) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        ulong* r = warp.Slot(result), x = warp.Slot(a), y = warp.Slot(b), p = warp.Slot(predicate);
        uint chosen = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            bool first = (p[lane] & 1) != 0;
            r[lane] = first ? x[lane] : y[lane];
            chosen |= first ? 1u << lane : 0;
        }

        warp.Define(result, mask, warp.Known(predicate) & ((warp.Known(a) & chosen) | (warp.Known(b) & ~chosen)));
    }
}

/// <summary>One register from several of <paramref name="width"/> bits each, the first lowest.</summary>
internal sealed unsafe class PackOperation(int result, int[] parts, int width) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        uint known = uint.MaxValue;
        foreach (int part in parts)
        {
            known &= warp.Known(part);
        }

        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong value = 0;
            for (int i = 0; i < parts.Length; i++)
            {
                value |= (warp.Slot(parts[i])[lane] & ((1ul << width) - 1)) << (i * width);
            }

            warp.Slot(result)[lane] = value;
        }

        warp.Define(result, mask, known);
    }
}

/// <summary>Several registers of <paramref name="width"/> bits each from one; a part of -1 is dropped.</summary>
internal sealed unsafe class UnpackOperation(int[] parts, int source, int width) : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
        // The source may be one of the parts.
        uint known = warp.Known(source);
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong value = warp.Slot(source)[lane];
            for (int i = 0; i < parts.Length; i++)
            {
                if (parts[i] >= 0)
                {
                    warp.Slot(parts[i])[lane] = (value >> (i * width)) & ((1ul << width) - 1);
                }
            }
        }

        foreach (int part in parts)
        {
            if (part >= 0)
            {
                warp.Define(part, mask, known);
            }
        }
    }
}

/// <summary>Nothing: hints to caches and the like.</summary>
internal sealed class NoOperation : Operation
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(Warp warp, uint mask)
    {
    }
}
