using Dlc.Ptx;
using Xunit;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>Kernels that do what they must not do are caught, and the error says where; beside each one stands a kernel that does it right.</summary>
public sealed class CheckTests
{
    private const string Shared = ".shared .align 16 .b8 tile[512];";

    private const string TilePlace =
        """
        mov.b32 %r1, tile;
        shl.b32 %r2, %r0, 2;
        add.u32 %r1, %r1, %r2;
        """;

    [Theory]
    [InlineData("", true)]
    [InlineData("bar.sync 0;", false)]
    [InlineData("bar.warp.sync -1;", true)] // orders a warp, not the block
    public void Threads_of_a_block_are_ordered_by_a_barrier(string between, bool races)
    {
        var fault = Run(
            $"""
            {TilePlace}
            st.shared.b32 [%r1], %r0;
            {between}
            xor.b32 %r2, %r2, 128;
            mov.b32 %r3, tile;
            add.u32 %r3, %r3, %r2;
            ld.shared.b32 %r4, [%r3];
            """,
            64,
            Shared,
            "AllowUninitialisedLoads");
        Expect(races, PtxCheck.Race, fault);
        if (fault is not null)
        {
            Assert.Contains("thread (32, 0, 0)", fault.Message);
            Assert.Contains("shared.b32", fault.Message);
            Assert.Equal("k", fault.Kernel);
        }
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("bar.warp.sync -1;", false)]
    public void Lanes_of_a_warp_are_ordered_by_a_barrier_of_the_warp(string between, bool races) => Expect(
        races,
        PtxCheck.Race,
        Run(
            $"""
            {TilePlace}
            st.shared.b32 [%r1], %r0;
            {between}
            xor.b32 %r2, %r2, 4;
            mov.b32 %r3, tile;
            add.u32 %r3, %r3, %r2;
            ld.shared.b32 %r4, [%r3];
            """,
            64,
            Shared));

    [Theory]
    [InlineData("", true)]
    [InlineData("bar.sync 0;", false)]
    public void A_tile_must_not_be_written_while_others_read_it(string between, bool races) => Expect(
        races,
        PtxCheck.Race,
        Run(
            $"""
            {TilePlace}
            st.shared.b32 [%r1], %r0;
            bar.sync 0;
            xor.b32 %r2, %r2, 128;
            mov.b32 %r3, tile;
            add.u32 %r3, %r3, %r2;
            ld.shared.b32 %r4, [%r3];
            {between}
            st.shared.b32 [%r1], %r4;
            """,
            64,
            Shared));

    [Fact]
    public void Two_threads_that_write_the_same_bytes_race()
    {
        Assert.Equal(PtxCheck.Race, Run("st.shared.b32 [tile], %r0;", 32, Shared)?.Check);
        Assert.Null(Run("setp.eq.u32 %p1, %r0, 3;\n@%p1 st.shared.b32 [tile], %r0;", 32, Shared));
    }

    [Fact]
    public void Neighbouring_halves_of_a_word_are_told_apart() => Assert.Null(Run(
        """
        mov.b32 %r1, tile;
        shl.b32 %r2, %r0, 1;
        add.u32 %r1, %r1, %r2;
        mov.b16 %rs1, 7;
        st.shared.b16 [%r1], %rs1;
        """,
        64,
        Shared));

    [Theory]
    [InlineData("st.global.b32 [%rd0], %r0;", true)]
    [InlineData("atom.global.add.u32 %r1, [%rd0], 1;", false)]
    [InlineData("red.global.add.u32 [%rd0], 1;", false)]
    [InlineData("ld.global.b32 %r1, [%rd0];", false)]
    [InlineData("atom.global.add.u32 %r1, [%rd0], 1;\nld.global.b32 %r2, [%rd0];", true)]
    public void Blocks_must_not_touch_the_same_global_bytes_without_atomics(string instruction, bool races)
    {
        using var module = PtxKernel.Module(".param .u64 out", $"{PtxKernel.Prologue(4)}\n{instruction}\nret;");
        using var memory = new PtxMemory();
        ulong output = memory.Allocate<uint>([0u]);
        var fault = Record.Exception(() => module.Launch("k", memory, 3, 1, 0, output)) as PtxFault;
        Expect(races, PtxCheck.Race, fault);
        if (fault is not null)
        {
            Assert.Equal(new Dim3(1, 0, 0), fault.Block);
            Assert.Contains("block (0, 0, 0)", fault.Message);
        }
    }

    [Theory]
    [InlineData("membar.gl;", "membar.gl;", false)]
    [InlineData("", "membar.gl;", true)]
    [InlineData("membar.gl;", "", true)]
    public void The_last_block_may_read_what_others_have_released(string release, string acquire, bool races)
    {
        // Each block writes its part, then counts; the last one sums up.
        using var module = PtxKernel.Module(
            ".param .u64 out",
            $"""
            {PtxKernel.Prologue(4)}
            mov.u32 %r1, %ctaid.x;
            mul.wide.u32 %rd2, %r1, 4;
            add.s64 %rd2, %rd0, %rd2;
            st.global.b32 [%rd2+8], %r1;
            {release}
            atom.global.add.u32 %r2, [%rd0], 1;
            {acquire}
            setp.ne.u32 %p1, %r2, 3;
            @%p1 exit;
            ld.global.b32 %r3, [%rd0+8];
            ld.global.b32 %r4, [%rd0+12];
            ld.global.b32 %r5, [%rd0+16];
            add.u32 %r3, %r3, %r4;
            add.u32 %r3, %r3, %r5;
            st.global.b32 [%rd0+4], %r3;
            ret;
            """);
        using var memory = new PtxMemory();
        ulong output = memory.Allocate<uint>([0, 0, 0, 0, 0, 0]);
        var fault = Record.Exception(() => module.Launch("k", memory, 4, 1, 0, output)) as PtxFault;
        Expect(races, PtxCheck.Race, fault);
        if (!races)
        {
            Assert.Equal(3u, memory.Read<uint>(output, 2)[1]);
        }
    }

    [Theory]
    [InlineData("ld.global.b32 %r1, [%rd1+4];")]
    [InlineData("st.global.b32 [%rd1+4], %r0;")]
    [InlineData("ld.global.b32 %r1, [%rd1+-4];")]
    [InlineData("ld.global.b32 %r1, [0];")]
    [InlineData("atom.global.add.u32 %r1, [%rd1+4], 1;")]
    [InlineData("mov.b32 %r1, tile;\nld.shared.b32 %r1, [%r1+512];")]
    [InlineData("st.shared.b32 [tile+-4], %r0;")]
    [InlineData("st.local.b32 [%rd1], %r0;")]
    [InlineData("cp.async.ca.shared.global [tile+512], [%rd0], 4;")]
    [InlineData("cp.async.ca.shared.global [tile], [%rd1+4], 4;")]
    public void An_access_outside_of_every_allocation_is_caught(string instruction)
    {
        var fault = Run(instruction, 1, Shared);
        Assert.Equal(PtxCheck.OutOfBounds, fault?.Check);
        Assert.NotEqual(0, fault!.Line);
    }

    [Theory]
    [InlineData("ld.global.nc.b32 %r1, [%rd1];\nst.global.b32 [%rd1], %r0;", false)]
    [InlineData("st.global.b32 [%rd1], %r0;\nld.global.b32 %r1, [%rd1];", false)]
    [InlineData("st.global.b32 [%rd1], %r0;\nld.global.nc.b32 %r1, [%rd1];", true)]
    public void What_a_kernel_writes_must_not_be_read_by_the_read_only_path(string instructions, bool caught) =>
        Expect(caught, PtxCheck.Race, Run(instructions, 32));

    [Fact]
    public void A_pointer_must_have_the_alignment_that_the_kernel_counts_on()
    {
        using var module = PtxKernel.Module(".param .u64 .ptr .global .align 16 out", "ret;");
        using var memory = new PtxMemory();
        ulong output = memory.Allocate(32);
        module.Launch("k", memory, 1, 1, 0, output);
        Assert.Equal(PtxCheck.Launch, Assert.Throws<PtxFault>(() => module.Launch("k", memory, 1, 1, 0, output + 8)).Check);
    }

    [Fact]
    public void The_thread_and_the_address_of_an_access_out_of_bounds_are_named()
    {
        var fault = Run("st.global.b32 [%rd1+40], %r0;", 32);
        Assert.Equal(new Dim3(22, 0, 0), fault!.Thread);
        Assert.Contains("4 bytes at offset 128 of out, which has 128 bytes", fault.Message);
    }

    [Theory]
    [InlineData("ld.global.b32 %r1, [%rd1+2];")]
    [InlineData("ld.global.v2.b32 {%r1, %r2}, [%rd0+4];")]
    [InlineData("st.shared.v4.b32 [tile+8], {%r0, %r0, %r0, %r0};")]
    [InlineData("cp.async.cg.shared.global [tile], [%rd0+8], 16;")]
    public void An_address_that_is_no_multiple_of_the_bytes_is_caught(string instruction) =>
        Assert.Equal(PtxCheck.Misaligned, Run("mov.b32 %r1, 0;\n" + instruction, 1, Shared)?.Check);

    [Theory]
    [InlineData("ld.shared.b32 %r1, [tile];", true)]
    [InlineData("mov.b32 %r1, 1;\nst.shared.b32 [tile], %r1;\nld.shared.b32 %r1, [tile];", false)]
    [InlineData("mov.b32 %r1, 1;\nst.shared.b32 [tile], %r1;\nld.shared.v2.b32 {%r1, %r2}, [tile];", true)]
    [InlineData("st.shared.b32 [tile], %r9;\nld.shared.b32 %r1, [tile];", true)] // what is stored is unknown itself
    [InlineData("st.global.b32 [%rd1], %r9;", true)]
    [InlineData("add.u32 %r8, %r9, 1;\nst.global.b32 [%rd1], %r8;", true)]
    [InlineData("mov.b32 %r8, %r9;", false)]
    [InlineData("setp.eq.u32 %p1, %r9, 1;\n@%p1 bra $end;\n$end:", true)]
    [InlineData("setp.eq.u32 %p1, %r9, 1;\n@%p1 mov.b32 %r1, 1;", true)]
    [InlineData("ld.global.b32 %r1, [%rd9];", true)]
    [InlineData("setp.eq.u32 %p1, %r0, 0;\nselp.b32 %r1, %r0, %r9, %p1;\nst.global.b32 [%rd1], %r1;", false)] // thread 0 takes the known one
    [InlineData("setp.ne.u32 %p1, %r0, 0;\nselp.b32 %r1, %r0, %r9, %p1;\nst.global.b32 [%rd1], %r1;", true)]
    public void What_nobody_has_written_must_not_be_used(string instructions, bool caught) =>
        Expect(caught, PtxCheck.Uninitialised, Run(instructions, 1, Shared));

    [Fact]
    public void Global_memory_that_nobody_has_written_must_not_be_read()
    {
        using var module = PtxKernel.Module(".param .u64 out", $"{PtxKernel.Prologue(4)}\nld.global.b32 %r1, [%rd1];\nret;");
        using var memory = new PtxMemory();
        ulong output = memory.Allocate(128, "scores");
        var fault = Assert.Throws<PtxFault>(() => module.Launch("k", memory, 1, 32, 0, output));
        Assert.Equal(PtxCheck.Uninitialised, fault.Check);
        Assert.Contains("scores", fault.Message);
        module.Launch("k", memory, 1, 32, 0, new LaunchOptions { AllowUninitialisedLoads = true }, output);
        Assert.Equal(PtxCheck.Uninitialised, Assert.Throws<PtxFault>(() => memory.Read<int>(output, 32)).Check);
    }

    [Theory]
    [InlineData("setp.eq.u32 %p1, %r0, 0;\n@%p1 bra $end;\nbar.sync 0;\n$end:")] // a lane of the warp goes around
    [InlineData("setp.lt.u32 %p1, %r0, 32;\n@%p1 bra $end;\nbar.sync 0;\n$end:")] // a warp of the block goes around
    [InlineData("setp.lt.u32 %p1, %r0, 32;\n@%p1 exit;\nbar.sync 0;")]
    [InlineData("setp.eq.u32 %p1, %r0, 0;\n@%p1 bra $end;\nshfl.sync.bfly.b32 %r1, %r0, 1, 31, -1;\nbar.sync 0;\n$end:\nbar.sync 0;")]
    [InlineData("setp.eq.u32 %p1, %r0, 0;\n@%p1 bra $end;\nshfl.sync.bfly.b32 %r1, %r0, 1, 31, 0xf;\n$end:")] // lanes that the mask does not name
    [InlineData("setp.lt.u32 %p1, %r0, 32;\n@%p1 bar.sync 1;\n@!%p1 bar.sync 2;")]
    public void Threads_that_miss_a_meeting_are_caught(string instructions)
    {
        var fault = Run(instructions, 64);
        Assert.Equal(PtxCheck.Divergence, fault?.Check);
    }

    [Fact]
    public void Named_barriers_of_whole_warps_are_fine() => Assert.Null(Run(
        "setp.lt.u32 %p1, %r0, 32;\n@%p1 bra $first;\nbar.sync 2, 32;\nbra $end;\n$first:\nbar.sync 1, 32;\n$end:\nbar.sync 0;", 64));

    [Fact]
    public void A_kernel_without_end_is_stopped()
    {
        var fault = Run("$again:\nbra $again;", 32);
        Assert.Equal(PtxCheck.Budget, fault?.Check);
        Assert.Contains("$again", fault!.Message);
    }

    [Fact]
    public void A_trap_is_an_error_of_the_kernel() => Assert.Equal(
        new Dim3(5, 0, 0), Run("setp.eq.u32 %p1, %r0, 5;\n@%p1 trap;", 32)?.Thread);

    [Theory]
    [InlineData("cp.async.wait_all;\nbar.sync 0;", null)]
    [InlineData("cp.async.commit_group;\ncp.async.wait_group 0;\nbar.sync 0;", null)]
    [InlineData("cp.async.commit_group;\ncp.async.wait_group 0;", PtxCheck.Race)] // other threads need a barrier
    [InlineData("bar.sync 0;", PtxCheck.Race)]
    [InlineData("cp.async.commit_group;\nbar.sync 0;", PtxCheck.Race)]
    [InlineData("cp.async.commit_group;\ncp.async.wait_group 1;\nbar.sync 0;", PtxCheck.Race)] // one group may still be on the way
    [InlineData("cp.async.wait_group 0;\nbar.sync 0;", PtxCheck.Race)] // nothing was committed
    public void Asynchronous_copies_must_be_waited_for(string between, PtxCheck? expected) => Assert.Equal(
        expected,
        Run(
            $"""
            {TilePlace}
            cp.async.ca.shared.global [%r1], [%rd1], 4;
            {between}
            xor.b32 %r2, %r2, 4;
            mov.b32 %r3, tile;
            add.u32 %r3, %r3, %r2;
            ld.shared.b32 %r4, [%r3];
            """,
            32,
            Shared)?.Check);

    [Fact]
    public void A_copy_must_not_overwrite_what_others_still_read() => Assert.Equal(
        PtxCheck.Race,
        Run(
            $"""
            {TilePlace}
            st.shared.b32 [%r1], %r0;
            bar.sync 0;
            xor.b32 %r2, %r2, 4;
            mov.b32 %r3, tile;
            add.u32 %r3, %r3, %r2;
            ld.shared.b32 %r4, [%r3];
            cp.async.ca.shared.global [%r1], [%rd1], 4;
            """,
            32,
            Shared)?.Check);

    [Theory]
    [InlineData(1025, 0, 1)]
    [InlineData(32, 100_000, 1)]
    [InlineData(32, 16, 1)]
    [InlineData(32, 0, 2)]
    public void A_launch_that_no_device_could_do_is_refused(int block, int shared, int arguments)
    {
        using var module = PtxKernel.Module(".param .u64 out", "ret;");
        using var memory = new PtxMemory();
        PtxArgument[] values = [.. Enumerable.Repeat((PtxArgument)0ul, arguments)];
        Assert.Equal(PtxCheck.Launch, Assert.Throws<PtxFault>(() => module.Launch("k", memory, 1, block, shared, values)).Check);
        Assert.Equal(PtxCheck.Launch, Assert.Throws<PtxFault>(() => module.Launch("k", memory, 1, 32, 0, 1)).Check);
        Assert.Equal(PtxCheck.Launch, Assert.Throws<PtxFault>(() => module.Launch("other", memory, 1, 32, 0)).Check);
    }

    [Theory]
    [InlineData("wmma.load.a.sync.aligned.row.m16n16k16.shared.f16 {%r1}, [%rd1];")]
    [InlineData("add.s32 %r1, %r2, %r99;")]
    [InlineData("add.s33 %r1, %r2, %r3;")]
    [InlineData("bra $nowhere;")]
    [InlineData("cp.async.bulk.commit_group;")]
    public void What_the_interpreter_does_not_know_is_refused_before_it_runs(string instruction)
    {
        using var module = PtxKernel.Module(".param .u64 out", $"ret;\n{instruction}");
        var error = Assert.Throws<PtxException>(module.DecodeAll);
        Assert.Contains("line ", error.Message);
    }

    [Fact]
    public void Text_that_is_no_PTX_is_refused_with_its_line() => Assert.Equal(
        4, Assert.Throws<PtxException>(() => PtxModule.Parse(".version 7.8\n.target sm_80\n.address_size 64\n.visible .entry k( {")).Line);

    private static void Expect(bool fails, PtxCheck check, PtxFault? fault) => Assert.Equal(fails ? check : null, fault?.Check);

    // out has an element for each thread, written before.
    private static PtxFault? Run(string body, int threads, string declarations = "", string allow = "")
    {
        using var module = PtxKernel.Module(".param .u64 out", $"{PtxKernel.Prologue(4)}\n{body}\nret;", declarations.Length == 0 ? Shared : declarations);
        using var memory = new PtxMemory();
        ulong output = memory.Allocate<uint>(new uint[threads], "out");
        var options = new LaunchOptions { InstructionBudget = 100_000, AllowUninitialisedLoads = allow.Length != 0 };
        return Record.Exception(() => module.Launch("k", memory, 1, threads, 0, options, output)) switch
        {
            null => null,
            PtxFault fault => fault,
            var other => throw other,
        };
    }
}
