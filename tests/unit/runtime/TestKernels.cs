using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dlc.Tests.Unit.Runtime;

/// <summary>Kernels in C# with the ABI of compiled ones, so that the runtime is tested without a compiler. Their index is their "code offset".</summary>
internal static unsafe class TestKernels
{
    public const int AddOne = 0;
    public const int Add = 1;
    public const int CountPositive = 2;
    public const int Compact = 3;
    public const int FailNegative = 4;
    public const int AddIteration = 5;
    public const int SumLess = 6;
    public const int Append = 7;
    public const int UseScratch = 8;
    public const int Spin = 9;
    public const int Fill = 10;
    public const int Concat = 11;

    /// <summary>Addresses, by the constants above.</summary>
    public static nint[] Table { get; } =
    [
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&AddOneKernel,
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&AddKernel,
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&CountPositiveKernel,
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&CompactKernel,
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&FailNegativeKernel,
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&AddIterationKernel,
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&SumLessKernel,
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&AppendKernel,
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&UseScratchKernel,
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&SpinKernel,
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&FillKernel,
        (nint)(delegate* unmanaged<void**, long*, void*, long, long, int>)&ConcatKernel,
    ];

    /// <summary>f32 x, f32 y: y[i] = x[i] + 1.</summary>
    [UnmanagedCallersOnly]
    private static int AddOneKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        for (long i = begin; i < end; i++)
        {
            ((float*)buffers[1])[i] = ((float*)buffers[0])[i] + 1;
        }

        return 0;
    }

    /// <summary>f32 a, b, y: y[i] = a[i] + b[i].</summary>
    [UnmanagedCallersOnly]
    private static int AddKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        for (long i = begin; i < end; i++)
        {
            ((float*)buffers[2])[i] = ((float*)buffers[0])[i] + ((float*)buffers[1])[i];
        }

        return 0;
    }

    /// <summary>f32 x, i64 count; dims n.</summary>
    [UnmanagedCallersOnly]
    private static int CountPositiveKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        long count = 0;
        for (long i = 0; i < dims[0]; i++)
        {
            count += ((float*)buffers[0])[i] > 0 ? 1 : 0;
        }

        *(long*)buffers[1] = count;
        return 0;
    }

    /// <summary>f32 x, y: the positive elements of x; dims n.</summary>
    [UnmanagedCallersOnly]
    private static int CompactKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        long at = 0;
        for (long i = 0; i < dims[0]; i++)
        {
            float value = ((float*)buffers[0])[i];
            if (value > 0)
            {
                ((float*)buffers[1])[at++] = value;
            }
        }

        return 0;
    }

    /// <summary>f32 x, y: y = x; check 1 (of two messages) fails on a negative element.</summary>
    [UnmanagedCallersOnly]
    private static int FailNegativeKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        for (long i = begin; i < end; i++)
        {
            float value = ((float*)buffers[0])[i];
            ((float*)buffers[1])[i] = value;
            if (value < 0)
            {
                return 2;
            }
        }

        return 0;
    }

    /// <summary>i64 iteration, f32 x, y: y[i] = x[i] + iteration.</summary>
    [UnmanagedCallersOnly]
    private static int AddIterationKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        for (long i = begin; i < end; i++)
        {
            ((float*)buffers[2])[i] = ((float*)buffers[1])[i] + *(long*)buffers[0];
        }

        return 0;
    }

    /// <summary>f32 x, bool y: whether the sum of x is below dims[1]; dims n, limit.</summary>
    [UnmanagedCallersOnly]
    private static int SumLessKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        double sum = 0;
        for (long i = 0; i < dims[0]; i++)
        {
            sum += ((float*)buffers[0])[i];
        }

        *(byte*)buffers[1] = sum < dims[1] ? (byte)1 : (byte)0;
        return 0;
    }

    /// <summary>f32 x, y: y is x with its length appended; dims n.</summary>
    [UnmanagedCallersOnly]
    private static int AppendKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        for (long i = 0; i < dims[0]; i++)
        {
            ((float*)buffers[1])[i] = ((float*)buffers[0])[i];
        }

        ((float*)buffers[1])[dims[0]] = dims[0];
        return 0;
    }

    /// <summary>f32 y: fills dims[0] bytes of scratch with the item's number, then y[i] = the sum of them all modulo 256 * bytes.</summary>
    [UnmanagedCallersOnly]
    private static int UseScratchKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        for (long i = begin; i < end; i++)
        {
            new Span<byte>(scratch, (int)dims[0]).Fill((byte)i);
            Thread.SpinWait(20);
            long sum = 0;
            foreach (byte b in new Span<byte>(scratch, (int)dims[0]))
            {
                sum += b;
            }

            ((float*)buffers[0])[i] = sum;
        }

        return 0;
    }

    /// <summary>f32 y: y[i] += 1 atomically enough, as each item is one thread's; dims[0] spins an item.</summary>
    [UnmanagedCallersOnly]
    private static int SpinKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        for (long i = begin; i < end; i++)
        {
            Thread.SpinWait((int)dims[0]);
            ((int*)buffers[0])[i]++;
        }

        return 0;
    }

    /// <summary>Any y: fills dims[0] bytes with the byte dims[1].</summary>
    [UnmanagedCallersOnly]
    private static int FillKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        Unsafe.InitBlockUnaligned(buffers[0], (byte)dims[1], (uint)dims[0]);
        return 0;
    }

    /// <summary>f32 a, b, y: y is a, then b; dims of a and b.</summary>
    [UnmanagedCallersOnly]
    private static int ConcatKernel(void** buffers, long* dims, void* scratch, long begin, long end)
    {
        new Span<float>(buffers[0], (int)dims[0]).CopyTo(new Span<float>(buffers[2], (int)dims[0]));
        new Span<float>(buffers[1], (int)dims[1]).CopyTo(new Span<float>((float*)buffers[2] + dims[0], (int)dims[1]));
        return 0;
    }
}
