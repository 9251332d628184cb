using Dlc.Ptx;
using Xunit;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>PTX that LLVM makes runs in the interpreter.</summary>
public sealed class LlvmKernelTests
{
    private const string Intrinsics =
        """
        declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
        declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
        declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
        declare float @llvm.nvvm.shfl.sync.bfly.f32(i32, float, i32, i32)

        """;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(64)]
    [InlineData(100)]
    public void A_guarded_elementwise_kernel_gives_the_sums(int count)
    {
        string ptx = LlvmPtx.Compile(Intrinsics +
            """
            define ptx_kernel void @add(ptr addrspace(1) noalias readonly %a, ptr addrspace(1) noalias readonly %b, ptr addrspace(1) noalias %c, i64 %n) {
            entry:
              %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
              %block = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
              %base = mul i32 %block, 64
              %i32 = add i32 %base, %t
              %i = zext i32 %i32 to i64
              %in = icmp slt i64 %i, %n
              br i1 %in, label %body, label %end
            body:
              %pa = getelementptr float, ptr addrspace(1) %a, i64 %i
              %pb = getelementptr float, ptr addrspace(1) %b, i64 %i
              %pc = getelementptr float, ptr addrspace(1) %c, i64 %i
              %x = load float, ptr addrspace(1) %pa
              %y = load float, ptr addrspace(1) %pb
              %z = fadd float %x, %y
              store float %z, ptr addrspace(1) %pc
              br label %end
            end:
              ret void
            }
            """);
        using var module = PtxModule.Parse(ptx);
        using var memory = new PtxMemory();
        var a = Enumerable.Range(0, count).Select(i => i * 0.5f).ToArray();
        var b = Enumerable.Range(0, count).Select(i => 1f / (i + 1)).ToArray();
        ulong output = memory.Allocate(4L * count, "c");
        module.Launch(
            "add", memory, 2, 64, 0, memory.Allocate<float>(a, "a"), memory.Allocate<float>(b, "b"), output, (long)count);
        Assert.Equal(a.Zip(b, (x, y) => x + y), memory.Read<float>(output, count));
    }

    [Fact]
    public void A_block_reduction_through_shuffles_and_shared_memory_gives_the_sum()
    {
        string ptx = LlvmPtx.Compile(Intrinsics +
            """
            @parts = internal addrspace(3) global [4 x float] undef, align 16
            define ptx_kernel void @sum(ptr addrspace(1) noalias readonly %a, ptr addrspace(1) noalias %c) {
            entry:
              %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
              %p = getelementptr float, ptr addrspace(1) %a, i32 %t
              %x = load float, ptr addrspace(1) %p
              br label %lanes
            lanes:
              %step = phi i32 [16, %entry], [%half, %lanes]
              %v = phi float [%x, %entry], [%w, %lanes]
              %o = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %v, i32 %step, i32 31)
              %w = fadd float %v, %o
              %half = lshr i32 %step, 1
              %more = icmp ne i32 %half, 0
              br i1 %more, label %lanes, label %warps
            warps:
              %lane = and i32 %t, 31
              %first = icmp eq i32 %lane, 0
              br i1 %first, label %write, label %meet
            write:
              %warp = lshr i32 %t, 5
              %place = getelementptr float, ptr addrspace(3) @parts, i32 %warp
              store float %w, ptr addrspace(3) %place
              br label %meet
            meet:
              call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
              %leader = icmp eq i32 %t, 0
              br i1 %leader, label %total, label %end
            total:
              %all = load <4 x float>, ptr addrspace(3) @parts
              %s = call float @llvm.vector.reduce.fadd.v4f32(float 0.0, <4 x float> %all)
              store float %s, ptr addrspace(1) %c
              br label %end
            end:
              ret void
            }
            declare float @llvm.vector.reduce.fadd.v4f32(float, <4 x float>)
            """);
        using var module = PtxModule.Parse(ptx);
        using var memory = new PtxMemory();
        var a = Enumerable.Range(0, 128).Select(i => (float)(i * i % 17)).ToArray();
        ulong output = memory.Allocate(4);
        var statistics = module.Launch("sum", memory, 1, 128, 0, memory.Allocate<float>(a), output);
        Assert.Equal(a.Sum(), memory.Read<float>(output, 1)[0]);
        Assert.Equal(5 * 4, statistics.Of(PtxKind.Warp));
        Assert.Equal(4, statistics.Of(PtxKind.GlobalLoad));
        Assert.Equal(0, statistics.BankConflicts);
        Assert.Equal(statistics.LeastGlobalSectors, statistics.GlobalSectors);
    }
}
