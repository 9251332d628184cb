using Dlc.Ptx;
using Xunit;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>Loads, stores, atomics and copies in all spaces, and how well they are laid out.</summary>
public sealed class MemoryTests
{
    [Theory]
    [InlineData("ld.global.u8 %r1, [%rd0+3];", 0x81)]
    [InlineData("ld.global.s8 %r1, [%rd0+3];", 0xffffff81)]
    [InlineData("ld.global.u16 %r1, [%rd0+2];", 0x8123)]
    [InlineData("ld.global.s16 %r1, [%rd0+2];", 0xffff8123)]
    [InlineData("ld.global.nc.b32 %r1, [%rd0];", 0x81234567)]
    [InlineData("ld.b32 %r1, [%rd0];", 0x81234567)]
    [InlineData("ld.global.v2.b16 {%rs1, %rs2}, [%rd0];\ncvt.u32.u16 %r1, %rs2;", 0x8123)]
    [InlineData("ld.global.v2.b16 {_, %rs2}, [%rd0];\ncvt.u32.u16 %r1, %rs2;", 0x8123)]
    [InlineData("ld.global.L1::evict_last.L2::128B.b32 %r1, [%rd0];", 0x81234567)]
    [InlineData("ld.global.s32 %rd2, [%rd0];\nshr.s64 %rd2, %rd2, 32;\ncvt.u32.u64 %r1, %rd2;", 0xffffffff)]
    [InlineData("ld.const.b32 %r1, [table+4];", 7)]
    [InlineData("mov.b64 %rd2, table;\nld.const.b32 %r1, [%rd2+4];", 7)]
    [InlineData("mov.b64 %rd2, table;\ncvta.const.u64 %rd2, %rd2;\nld.b32 %r1, [%rd2+8];", 0)] // what the text leaves out is zero
    [InlineData("ld.global.b16 %r1, [counts+2];", 5)]
    [InlineData("mov.b64 %rd2, counts;\nld.global.b16 %r1, [%rd2];", 3)]
    [InlineData("st.local.b32 [depot+4], 9;\nld.local.b32 %r1, [depot+4];", 9)]
    [InlineData("mov.b64 %rd2, depot;\ncvta.local.u64 %rd2, %rd2;\nst.b32 [%rd2+4], 9;\nld.local.b32 %r1, [depot+4];", 9)]
    [InlineData("mov.b64 %rd2, tile;\ncvta.shared.u64 %rd2, %rd2;\nst.b32 [%rd2+4], 9;\nld.shared.b32 %r1, [tile+4];", 9)]
    [InlineData("mov.b64 %rd2, tile;\ncvta.shared.u64 %rd2, %rd2;\ncvta.to.shared.u64 %rd3, %rd2;\nst.shared.b32 [%rd3], 9;\nld.shared.b32 %r1, [tile];", 9)]
    [InlineData("mov.b64 %rd2, tile;\ncvta.shared.u64 %rd2, %rd2;\nisspacep.shared %p1, %rd2;\nselp.b32 %r1, 1, 0, %p1;", 1)]
    [InlineData("isspacep.shared %p1, %rd0;\nselp.b32 %r1, 1, 0, %p1;", 0)]
    [InlineData("mov.b32 %r2, more;\nst.shared.v4.b32 [%r2+16], {1, 2, 3, 0f3F800000};\nld.shared.v4.b32 {_, _, %r1, _}, [more+16];", 3)]
    public void Memory_is_read_and_written_in_every_space(string instructions, uint expected)
    {
        using var module = PtxKernel.Module(
            ".param .u64 out",
            $"""
            .local .align 16 .b8 depot[16];
            {PtxKernel.Prologue(4)}
            {instructions}
            st.global.b32 [%rd0], %r1;
            ret;
            """,
            """
            .const .align 4 .u32 table[3] = {5, 7};
            .global .align 4 .u16 counts[2] = {3, 5};
            .shared .align 16 .b8 tile[64];
            .extern .shared .align 16 .b8 more[];
            """);
        using var memory = new PtxMemory();
        ulong output = memory.Allocate<uint>([0x81234567u]);
        int dynamic = instructions.Contains("more", StringComparison.Ordinal) ? 32 : 0;
        module.Launch("k", memory, 1, 1, dynamic, output);
        Assert.Equal(expected, memory.Read<uint>(output, 1)[0]);
    }

    [Fact]
    public void Arguments_of_all_sizes_are_passed()
    {
        using var module = PtxKernel.Module(
            ".param .u32 small, .param .u64 .ptr .global .align 16 out, .param .u32 other, .param .f32 scale",
            """
            ld.param.u64 %rd0, [out];
            ld.param.u32 %r0, [small];
            ld.param.u32 %r1, [other];
            ld.param.f32 %r2, [scale];
            st.global.v2.b32 [%rd0], {%r0, %r1};
            st.global.b32 [%rd0+8], %r2;
            ret;
            """);
        using var memory = new PtxMemory();
        ulong output = memory.Allocate(12);
        module.Launch("k", memory, 1, 1, 0, 3, output, 4u, 0.5f);
        Assert.Equal([3u, 4u, BitConverter.SingleToUInt32Bits(0.5f)], memory.Read<uint>(output, 3));
    }

    [Theory]
    [InlineData("add.u32", 10, "1", 42)]
    [InlineData("add.s32", 10, "-1", 0xffffffea)]
    [InlineData("min.s32", 10, "-5", 0xfffffffb)]
    [InlineData("max.u32", 10, "11", 11)]
    [InlineData("and.b32", 15, "6", 6)]
    [InlineData("or.b32", 8, "6", 14)]
    [InlineData("exch.b32", 8, "6", 6)]
    [InlineData("inc.u32", 0, "9", 2)]
    [InlineData("add.f32", 0, "0f3F000000", 0x41800000)] // 32 halves
    [InlineData("add.noftz.f16x2", 0, "0x3c003800", 0x50004c00)]
    public void Atomic_operations_lose_nothing(string operation, uint start, string operand, uint expected)
    {
        foreach (string space in (string[])["global", "shared"])
        {
            string place = space == "global" ? "%rd0" : "cell";
            using var module = PtxKernel.Module(
                ".param .u64 out",
                $"""
                {PtxKernel.Prologue(4)}
                setp.eq.u32 %p1, %r0, 0;
                @%p1 st.{space}.b32 [{place}], {start};
                bar.sync 0;
                atom.{space}.{operation} %r1, [{place}], {operand};
                bar.sync 0;
                ld.{space}.b32 %r2, [{place}];
                bar.sync 0;
                @%p1 st.global.b32 [%rd0], %r2;
                ret;
                """,
                ".shared .align 4 .b8 cell[4];");
            using var memory = new PtxMemory();
            ulong output = memory.Allocate(4);
            module.Launch("k", memory, 1, 32, 0, output);
            Assert.Equal(expected, memory.Read<uint>(output, 1)[0]);
        }
    }

    [Fact]
    public void A_loop_of_compare_and_swap_ends_with_the_sum()
    {
        using var module = PtxKernel.Module(
            ".param .u64 out",
            $"""
            {PtxKernel.Prologue(8)}
            ld.relaxed.gpu.global.b64 %rd2, [%rd0];
            $again:
            cvt.u64.u32 %rd3, %r0;
            add.u64 %rd3, %rd3, %rd2;
            atom.relaxed.gpu.global.cas.b64 %rd4, [%rd0], %rd2, %rd3;
            setp.ne.u64 %p1, %rd4, %rd2;
            mov.b64 %rd2, %rd4;
            @%p1 bra $again;
            ret;
            """);
        using var memory = new PtxMemory();
        ulong output = memory.Allocate<ulong>([0ul]);
        module.Launch("k", memory, 4, 64, 0, new LaunchOptions { InstructionBudget = 1_000_000 }, output);
        Assert.Equal(4ul * 64 * 63 / 2, memory.Read<ulong>(output, 1)[0]);
    }

    [Theory]
    [InlineData(16, new uint[] { 1, 2, 3, 4 })]
    [InlineData(8, new uint[] { 1, 2, 0, 0 })]
    [InlineData(0, new uint[] { 0, 0, 0, 0 })]
    public void An_asynchronous_copy_fills_what_it_does_not_read_with_zeros(int bytes, uint[] expected)
    {
        using var module = PtxKernel.Module(
            ".param .u64 out",
            $$"""
            {{PtxKernel.Prologue(4)}}
            mov.b32 %r1, {{bytes}};
            cp.async.cg.shared.global.L2::128B [tile], [%rd0], 16, %r1;
            cp.async.commit_group;
            cp.async.wait_group 0;
            ld.shared.v4.b32 {%r2, %r3, %r4, %r5}, [tile];
            st.global.v4.b32 [%rd0], {%r2, %r3, %r4, %r5};
            ret;
            """,
            ".shared .align 16 .b8 tile[16];");
        using var memory = new PtxMemory();
        ulong output = memory.Allocate<uint>([1u, 2u, 3u, 4u]);
        module.Launch("k", memory, 1, 1, 0, output);
        Assert.Equal(expected, memory.Read<uint>(output, 4));
    }

    [Theory]
    [InlineData(4, 0)]
    [InlineData(8, 1)]
    [InlineData(12, 0)]
    [InlineData(128, 31)]
    [InlineData(132, 0)]
    public void Bank_conflicts_are_counted(int stride, int conflicts)
    {
        using var module = PtxKernel.Module(
            "",
            $"""
            mov.u32 %r0, %tid.x;
            mul.lo.u32 %r1, %r0, {stride};
            mov.b32 %r2, tile;
            add.u32 %r1, %r1, %r2;
            st.shared.b32 [%r1], %r0;
            ret;
            """,
            ".shared .align 16 .b8 tile[4224];");
        using var memory = new PtxMemory();
        Assert.Equal(conflicts, module.Launch("k", memory, 1, 32, 0).BankConflicts);
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(8, 8)]
    [InlineData(64, 32)]
    [InlineData(0, 1)]
    public void Sectors_of_global_memory_are_counted(int stride, int sectors)
    {
        using var module = PtxKernel.Module(
            ".param .u64 out", $"{PtxKernel.Prologue(stride)}\nld.global.b32 %r1, [%rd1];\nret;");
        using var memory = new PtxMemory();
        var statistics = module.Launch("k", memory, 1, 32, 0, memory.Allocate<uint>(new uint[1024]));
        Assert.Equal(sectors, statistics.GlobalSectors);
        Assert.Equal(stride == 0 ? 1 : 4, statistics.LeastGlobalSectors);
    }

    [Fact]
    public void Quarters_of_a_warp_read_16_bytes_each_without_conflicts()
    {
        using var module = PtxKernel.Module(
            "",
            """
            mov.u32 %r0, %tid.x;
            shl.b32 %r1, %r0, 4;
            mov.b32 %r2, tile;
            add.u32 %r1, %r1, %r2;
            st.shared.v4.b32 [%r1], {%r0, %r0, %r0, %r0};
            ret;
            """,
            ".shared .align 16 .b8 tile[512];");
        using var memory = new PtxMemory();
        var statistics = module.Launch("k", memory, 1, 32, 0);
        Assert.Equal(0, statistics.BankConflicts);
        Assert.Equal(4, statistics.Accesses.Single().Transactions);
    }

    [Fact]
    public void Copies_and_reuse_of_memory_keep_track_of_what_is_written()
    {
        using var memory = new PtxMemory();
        ulong a = memory.Allocate(16), b = memory.Allocate<int>([5, 6, 7, 8]);
        memory.CopyIn<int>(a + 4, [1, 2]);
        memory.Copy(b + 4, a + 4, 8);
        Assert.Equal([5, 1, 2, 8], memory.Read<int>(b, 4));
        memory.Copy(b, a, 16);
        Assert.Equal([1, 2], memory.Read<int>(b + 4, 2));
        Assert.Equal(PtxCheck.Uninitialised, Assert.Throws<PtxFault>(() => memory.Read<int>(b, 4)).Check);
        memory.Forget(b + 4, 4);
        Assert.Equal([2], memory.Read<int>(b + 8, 1));
        Assert.Throws<PtxFault>(() => memory.Read<int>(b + 4, 2));
        memory.Free(a);
        Assert.Throws<ArgumentException>(() => memory.Read<int>(a + 4, 1));
    }
}
