using Dlc.Ptx;
using Xunit;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>What lanes exchange, and how they part and meet.</summary>
public sealed class WarpTests
{
    [Theory]
    [InlineData("shfl.sync.bfly.b32 %r1, %r0, 5, 31, -1;", "x ^ 5")]
    [InlineData("shfl.sync.down.b32 %r1, %r0, 3, 31, -1;", "down")]
    [InlineData("shfl.sync.up.b32 %r1, %r0, 3, 0, -1;", "up")]
    [InlineData("shfl.sync.idx.b32 %r1, %r0, 7, 31, -1;", "seven")]
    [InlineData("shfl.sync.idx.b32 %r1, %r0, 1, 0x181f, -1;", "segment")]
    public void A_shuffle_reads_the_lane_that_it_names(string instruction, string what)
    {
        uint[] expected = [.. Enumerable.Range(0, 32).Select(x => (uint)(what switch
        {
            "x ^ 5" => x ^ 5,
            "down" => x + 3 < 32 ? x + 3 : x,
            "up" => x >= 3 ? x - 3 : x,
            "seven" => 7,
            _ => (x & 24) + 1,
        }))];
        Assert.Equal(expected, Lanes(instruction));
    }

    [Fact]
    public void A_shuffle_says_whether_the_lane_was_in_range() => Assert.Equal(
        Enumerable.Range(0, 32).Select(x => x < 29 ? 1u : 0),
        Lanes("shfl.sync.down.b32 %r2|%p1, %r0, 3, 31, -1;\nselp.b32 %r1, 1, 0, %p1;"));

    [Fact]
    public void Votes_count_all_lanes()
    {
        const string odd = "and.b32 %r2, %r0, 1;\nsetp.ne.u32 %p1, %r2, 0;\n";
        Assert.All(Lanes(odd + "vote.sync.ballot.b32 %r1, %p1, -1;"), v => Assert.Equal(0xaaaaaaaa, v));
        Assert.All(Lanes(odd + "vote.sync.any.pred %p2, %p1, -1;\nselp.b32 %r1, 1, 0, %p2;"), v => Assert.Equal(1u, v));
        Assert.All(Lanes(odd + "vote.sync.all.pred %p2, !%p1, -1;\nselp.b32 %r1, 1, 0, %p2;"), v => Assert.Equal(0u, v));
    }

    [Fact]
    public void Reductions_and_matches_see_all_lanes()
    {
        Assert.All(Lanes("redux.sync.add.s32 %r1, %r0, -1;"), v => Assert.Equal(496u, v));
        Assert.All(Lanes("redux.sync.max.u32 %r1, %r0, -1;"), v => Assert.Equal(31u, v));
        Assert.Equal(
            Enumerable.Range(0, 32).Select(x => 0xffu << (x & 24)),
            Lanes("shr.u32 %r2, %r0, 3;\nmatch.any.sync.b32 %r1, %r2, -1;"));
    }

    [Fact]
    public void Lanes_that_part_meet_again()
    {
        // Odd lanes add 100, even ones 200, in loops of as many rounds as the lane's number; then all exchange.
        uint[] values = Lanes(
            """
            mov.b32 %r2, 0;
            and.b32 %r3, %r0, 1;
            setp.eq.u32 %p1, %r3, 0;
            @%p1 bra $even;
            mov.b32 %r4, 0;
            $odd:
            add.u32 %r2, %r2, 100;
            add.u32 %r4, %r4, 1;
            setp.lt.u32 %p2, %r4, %r0;
            @%p2 bra $odd;
            bra.uni $join;
            $even:
            add.u32 %r2, %r2, 200;
            $join:
            shfl.sync.bfly.b32 %r1, %r2, 1, 31, -1;
            """,
            out var statistics);
        Assert.Equal(Enumerable.Range(0, 32).Select(x => (x & 1) == 0 ? (uint)(x + 1) * 100 : 200), values);

        // All lanes shuffle at once.
        Assert.Equal(1, statistics.Of(PtxKind.Warp));
    }

    [Fact]
    public void Lanes_that_have_ended_are_not_waited_for() => Assert.Equal(
        Enumerable.Range(0, 32).Select(x => x < 16 ? 16u : 0u),
        Lanes(
            """
            mov.b32 %r1, 0;
            st.global.b32 [%rd1], %r1;
            setp.ge.u32 %p1, %r0, 16;
            @%p1 exit;
            mov.b32 %r2, 1;
            redux.sync.add.u32 %r1, %r2, -1;
            """));

    [Fact]
    public void A_table_of_targets_sends_each_lane_to_its_own() => Assert.Equal(
        Enumerable.Range(0, 32).Select(x => (uint)((x % 3 + 1) * 10)),
        Lanes(
            """
            rem.u32 %r2, %r0, 3;
            $table: .branchtargets $zero, $one, $two;
            brx.idx %r2, $table;
            $zero:
            mov.b32 %r1, 10;
            bra $end;
            $one:
            mov.b32 %r1, 20;
            bra $end;
            $two:
            mov.b32 %r1, 30;
            $end:
            """));

    [Fact]
    public void Guards_choose_lanes() => Assert.Equal(
        Enumerable.Range(0, 32).Select(x => x < 4 ? 1u : 2u),
        Lanes("setp.lt.u32 %p1, %r0, 4;\n@%p1 mov.b32 %r1, 1;\n@!%p1 mov.b32 %r1, 2;"));

    [Fact]
    public void A_lane_that_spins_does_not_starve_the_one_it_waits_for() => Assert.Equal(
        Enumerable.Repeat(0u, 32),
        Lanes(
            """
            mov.b32 %r1, 0;
            setp.eq.u32 %p1, %r0, 0;
            @%p1 bra $lead;
            $spin:
            ld.volatile.shared.b32 %r2, [flag];
            setp.eq.u32 %p2, %r2, 1;
            @!%p2 bra $spin;
            bra $end;
            $lead:
            mov.b32 %r2, 1;
            st.volatile.shared.b32 [flag], %r2;
            $end:
            """,
            out _,
            ".shared .align 4 .b32 flag;",
            new LaunchOptions { AllowUninitialisedLoads = false },
            "mov.b32 %r3, 0;\n@%p0 st.volatile.shared.b32 [flag], %r3;\nbar.sync 0;"));

    [Fact]
    public void Functions_are_called()
    {
        using var module = PtxModule.Parse(
            $$"""
            .version 7.8
            .target sm_80
            .address_size 64
            .func (.param .b32 result) twice(.param .b32 x)
            {
                .reg .b32 %r<3>;
                .reg .pred %p<2>;
                ld.param.b32 %r1, [x];
                setp.lt.u32 %p1, %r1, 16;
                @%p1 bra $small;
                st.param.b32 [result], 0;
                ret;
            $small:
                add.u32 %r2, %r1, %r1;
                st.param.b32 [result], %r2;
                ret;
            }
            .visible .entry k(.param .u64 out)
            {
                .reg .b32 %r<8>;
                .reg .b64 %rd<8>;
                {{PtxKernel.Prologue(4)}}
                {
                .param .b32 param0;
                .param .b32 retval0;
                st.param.b32 [param0], %r0;
                call.uni (retval0), twice, (param0);
                ld.param.b32 %r1, [retval0];
                }
                st.global.b32 [%rd1], %r1;
                ret;
            }
            """);
        using var memory = new PtxMemory();
        ulong output = memory.Allocate(128);
        module.Launch("k", memory, 1, 32, 0, output);
        Assert.Equal(Enumerable.Range(0, 32).Select(x => x < 16 ? (uint)(2 * x) : 0), memory.Read<uint>(output, 32));
    }

    private static uint[] Lanes(string body) => Lanes(body, out _);

    private static uint[] Lanes(
        string body, out LaunchStatistics statistics, string declarations = "", LaunchOptions? options = null, string before = "")
    {
        using var module = PtxKernel.Module(
            ".param .u64 out",
            $"{PtxKernel.Prologue(4)}\nsetp.eq.u32 %p0, %r0, 0;\n{before}\n{body}\nst.global.b32 [%rd1], %r1;\nret;",
            declarations);
        using var memory = new PtxMemory();
        ulong output = memory.Allocate(128);
        statistics = module.Launch("k", memory, 1, 32, 0, options ?? new LaunchOptions { InstructionBudget = 1_000_000 }, output);
        return memory.Read<uint>(output, 32);
    }
}
