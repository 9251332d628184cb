using Dlc.Runtime.Memory;
using Xunit;

namespace Dlc.Tests.Unit.Runtime;

public sealed class PlannerTests
{
    [Fact]
    public void Live_buffers_never_overlap_in_random_programs()
    {
        var random = new Random(7);
        for (int round = 0; round < 300; round++)
        {
            var (table, sizes) = Draw(random, random.Next(0, 60));
            var offsets = new long[sizes.Length];
            long bytes = Plan(table, sizes, offsets);
            Check(table, sizes, offsets, bytes);
        }
    }

    [Fact]
    public void A_chain_needs_two_buffers()
    {
        var table = new LifetimeTable([.. Enumerable.Range(0, 100)], [.. Enumerable.Range(1, 100)]);
        var sizes = Enumerable.Repeat(640L, 100).ToArray();
        Assert.Equal(1280, Plan(table, sizes, new long[100]));
    }

    [Fact]
    public void Buffers_without_bytes_take_no_room()
    {
        var table = new LifetimeTable([0, 0, 0], [2, 2, 2]);
        var offsets = new long[3];
        Assert.Equal(64, Plan(table, [0, 1, 0], offsets));
        Assert.Equal([0, 0, 0], offsets);
    }

    [Fact]
    public void Sizes_that_overflow_are_an_error()
    {
        var table = new LifetimeTable([0, 0], [1, 1]);
        Assert.Throws<OverflowException>(() => Plan(table, [long.MaxValue - 100, long.MaxValue - 100], new long[2]));
        Assert.Throws<OverflowException>(() => Plan(table, [long.MaxValue, 0], new long[2]));
    }

    [Fact]
    public void Many_buffers_are_planned_in_near_linear_time()
    {
        var random = new Random(3);
        var (table, sizes) = Draw(random, 100_000);
        var offsets = new long[sizes.Length];
        long bytes = Plan(table, sizes, offsets);
        Assert.True(bytes > 0);
    }

    private static long Plan(LifetimeTable table, long[] sizes, long[] offsets) => ArenaPlanner.Plan(
        new ArenaProblem { Start = table.Start, End = table.End, Bytes = [.. sizes.Select(ArenaProblem.Round)] }, offsets);

    private static (LifetimeTable Table, long[] Sizes) Draw(Random random, int count)
    {
        var start = new int[count];
        var end = new int[count];
        var sizes = new long[count];
        for (int i = 0; i < count; i++)
        {
            start[i] = Math.Max(0, i + random.Next(-3, 3));
            end[i] = start[i] + (random.Next(8) == 0 ? random.Next(40) : random.Next(4));
            sizes[i] = random.Next(5) == 0 ? 0 : random.NextInt64(1, 5000);
        }

        return (new LifetimeTable(start, end), sizes);
    }

    private static void Check(LifetimeTable table, long[] sizes, long[] offsets, long bytes)
    {
        for (int i = 0; i < sizes.Length; i++)
        {
            Assert.Equal(0, offsets[i] % ArenaPlanner.Alignment);
            Assert.True(offsets[i] >= 0 && offsets[i] + sizes[i] <= bytes);
            for (int j = 0; j < i; j++)
            {
                bool alive = table.Start[i] <= table.End[j] && table.Start[j] <= table.End[i];
                bool apart = sizes[i] == 0 || sizes[j] == 0 || offsets[i] + sizes[i] <= offsets[j] || offsets[j] + sizes[j] <= offsets[i];
                Assert.True(!alive || apart, $"buffers {i} and {j} overlap");
            }
        }
    }
}
