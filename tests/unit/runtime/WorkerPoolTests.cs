using System.Runtime.InteropServices;
using Dlc.Runtime.Cpu;
using Xunit;

namespace Dlc.Tests.Unit.Runtime;

public sealed unsafe class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_item_is_done_once(int threads)
    {
        using var pool = new WorkerPool(threads, TimeSpan.FromMicroseconds(50));
        Assert.Equal(threads > 1, pool.TryAcquire());
        Assert.False(pool.TryAcquire());
        const int Items = 1000;
        int* counts = (int*)NativeMemory.AllocZeroed(Items, sizeof(int));
        long spins = 1;
        void* buffer = counts;
        for (int round = 1; round <= 200; round++)
        {
            Assert.Equal(0, pool.Run(Call(TestKernels.Spin, &buffer, &spins, Items, 1 + (round % 17))));
            if (round % 50 == 0)
            {
                // Long enough for the workers to fall asleep.
                pool.Release();
                Thread.Sleep(5);
                Assert.Equal(threads > 1, pool.TryAcquire());
            }
        }

        for (int i = 0; i < Items; i++)
        {
            Assert.Equal(200, counts[i]);
        }

        NativeMemory.Free(counts);
    }

    [Fact]
    public void A_failure_is_reported_and_the_pool_stays_usable()
    {
        using var pool = new WorkerPool(3, TimeSpan.Zero);
        Assert.True(pool.TryAcquire());
        const int Items = 10_000;
        float* x = (float*)NativeMemory.AllocZeroed(2 * Items, sizeof(float));
        x[7777] = -1;
        void** buffers = stackalloc void*[2];
        buffers[0] = x;
        buffers[1] = x + Items;
        Assert.Equal(2, pool.Run(Call(TestKernels.FailNegative, buffers, null, Items, 10)));
        x[7777] = 5;
        Assert.Equal(0, pool.Run(Call(TestKernels.FailNegative, buffers, null, Items, 10)));
        Assert.Equal(5, x[Items + 7777]);
        NativeMemory.Free(x);
    }

    private static KernelCall Call(int kernel, void** buffers, long* dims, long extent, long chunk) => new()
    {
        Entry = (delegate* unmanaged<void**, long*, void*, long, long, int>)TestKernels.Table[kernel],
        Buffers = buffers,
        Dims = dims,
        Extent = extent,
        Chunk = chunk,
    };
}
