using System.Text;
using Dlc.Ptx;
using Xunit;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>
/// A matrix product as a GPU does it, made by LLVM: tiles come by cp.async into two buffers, ldmatrix takes fragments out of them, mma.sync multiplies. Each
/// step that is left out is caught.
/// </summary>
public sealed class LlvmPipelineTests
{
    private const int Steps = 5;
    private const int Depth = 16 * Steps;

    [Theory]
    [InlineData("sm_80", "default<O2>")]
    [InlineData("sm_90", "")]
    public void A_pipelined_product_is_right(string target, string passes)
    {
        var (result, expected, statistics) = Multiply(target, passes, wait: 1, barrierBefore: true, barrierAfter: true);
        Assert.Equal(expected, result);
        Assert.Equal(Steps, statistics.Of(PtxKind.Matrix));
        Assert.Equal(statistics.LeastGlobalSectors, statistics.GlobalSectors);
    }

    [Theory]
    [InlineData(2, true, true)] // the copy may still be on the way
    [InlineData(1, false, true)] // other lanes' copies are not seen
    [InlineData(1, true, false)] // the next copy overwrites what other lanes still read
    public void A_pipeline_that_leaves_out_a_step_is_caught(int wait, bool barrierBefore, bool barrierAfter) => Assert.Equal(
        PtxCheck.Race, Assert.Throws<PtxFault>(() => Multiply("sm_80", "", wait, barrierBefore, barrierAfter)).Check);

    // A [16, K] and the transpose of B [8, K] in f16, C [16, 8] in f32; one warp.
    private static (float[] Result, float[] Expected, LaunchStatistics Statistics) Multiply(
        string target, string passes, int wait, bool barrierBefore, bool barrierAfter)
    {
        using var module = PtxModule.Parse(LlvmPtx.Compile(Ir(wait, barrierBefore, barrierAfter), target, passes));
        using var memory = new PtxMemory();
        var random = new Random(3);
        Half[] a = [.. Enumerable.Range(0, 16 * Depth).Select(_ => (Half)(random.Next(-16, 17) / 8f))];
        Half[] b = [.. Enumerable.Range(0, 8 * Depth).Select(_ => (Half)(random.Next(-16, 17) / 8f))];
        ulong output = memory.Allocate(4 * 16 * 8, "c");
        var statistics = module.Launch("product", memory, 1, 32, 0, memory.Allocate<Half>(a, "a"), memory.Allocate<Half>(b, "b"), output);
        var expected = new float[16 * 8];
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = Enumerable.Range(0, Depth).Sum(k => (float)a[(i / 8 * Depth) + k] * (float)b[(i % 8 * Depth) + k]);
        }

        return (memory.Read<float>(output, expected.Length), expected, statistics);
    }

    private static string Ir(int wait, bool barrierBefore, bool barrierAfter)
    {
        const string meet = "  call void @llvm.nvvm.bar.warp.sync(i32 -1)\n";
        var text = new StringBuilder(
            """
            @ta = internal addrspace(3) global [512 x half] undef, align 16
            @tb = internal addrspace(3) global [256 x half] undef, align 16
            declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
            declare void @llvm.nvvm.bar.warp.sync(i32)
            declare void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3), ptr addrspace(1))
            declare void @llvm.nvvm.cp.async.ca.shared.global.8(ptr addrspace(3), ptr addrspace(1))
            declare void @llvm.nvvm.cp.async.commit.group()
            declare void @llvm.nvvm.cp.async.wait.group(i32)
            declare { i32, i32, i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3))
            declare { i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.b16.p3(ptr addrspace(3))
            declare { float, float, float, float } @llvm.nvvm.mma.m16n8k16.row.col.f32.f32(<2 x half>, <2 x half>, <2 x half>, <2 x half>, <2 x half>, <2 x half>, float, float, float, float)
            define ptx_kernel void @product(ptr addrspace(1) noalias %a, ptr addrspace(1) noalias %b, ptr addrspace(1) noalias %c) {
              %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
              %row = lshr i32 %t, 1
              %part = and i32 %t, 1
              %part8 = shl i32 %part, 3
              %rowa = mul i32 %row, DEPTH
              %froma = add i32 %rowa, %part8
              %rowt = shl i32 %row, 4
              %toa = add i32 %rowt, %part8
              %rowb = lshr i32 %t, 2
              %partb = and i32 %t, 3
              %partb4 = shl i32 %partb, 2
              %rowbs = mul i32 %rowb, DEPTH
              %fromb = add i32 %rowbs, %partb4
              %rowbt = shl i32 %rowb, 4
              %tob = add i32 %rowbt, %partb4
              %lanerow = and i32 %t, 15
              %lanehalf = lshr i32 %t, 4
              %lr16 = shl i32 %lanerow, 4
              %lh8 = shl i32 %lanehalf, 3
              %fraga = add i32 %lr16, %lh8
              %brow = and i32 %t, 7
              %bhalf = lshr i32 %t, 3
              %bhalf1 = and i32 %bhalf, 1
              %br16 = shl i32 %brow, 4
              %bh8 = shl i32 %bhalf1, 3
              %fragb = add i32 %br16, %bh8

            """.Replace("DEPTH", Depth.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
        for (int step = -1; step < Steps; step++)
        {
            int next = step + 1;
            if (next < Steps)
            {
                text.Append(
                    $"""
                      %ga{next} = getelementptr half, ptr addrspace(1) %a, i32 %froma
                      %gaa{next} = getelementptr half, ptr addrspace(1) %ga{next}, i32 {16 * next}
                      %sa{next} = getelementptr half, ptr addrspace(3) @ta, i32 %toa
                      %saa{next} = getelementptr half, ptr addrspace(3) %sa{next}, i32 {256 * (next % 2)}
                      call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %saa{next}, ptr addrspace(1) %gaa{next})
                      %gb{next} = getelementptr half, ptr addrspace(1) %b, i32 %fromb
                      %gbb{next} = getelementptr half, ptr addrspace(1) %gb{next}, i32 {16 * next}
                      %sb{next} = getelementptr half, ptr addrspace(3) @tb, i32 %tob
                      %sbb{next} = getelementptr half, ptr addrspace(3) %sb{next}, i32 {128 * (next % 2)}
                      call void @llvm.nvvm.cp.async.ca.shared.global.8(ptr addrspace(3) %sbb{next}, ptr addrspace(1) %gbb{next})

                    """);
            }

            text.Append("  call void @llvm.nvvm.cp.async.commit.group()\n");
            if (step < 0)
            {
                continue;
            }

            string before(int i) => step == 0 ? "0.0" : $"%d{step - 1}{i}";
            text.Append($"  call void @llvm.nvvm.cp.async.wait.group(i32 {wait})\n").Append(barrierBefore ? meet : "").Append(
                $$"""
                  %pa{{step}} = getelementptr half, ptr addrspace(3) @ta, i32 %fraga
                  %paa{{step}} = getelementptr half, ptr addrspace(3) %pa{{step}}, i32 {{256 * (step % 2)}}
                  %fa{{step}} = call { i32, i32, i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3) %paa{{step}})
                  %pb{{step}} = getelementptr half, ptr addrspace(3) @tb, i32 %fragb
                  %pbb{{step}} = getelementptr half, ptr addrspace(3) %pb{{step}}, i32 {{128 * (step % 2)}}
                  %fb{{step}} = call { i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.b16.p3(ptr addrspace(3) %pbb{{step}})

                """);
            for (int i = 0; i < 4; i++)
            {
                text.Append($"  %ia{step}{i} = extractvalue {{ i32, i32, i32, i32 }} %fa{step}, {i}\n  %ha{step}{i} = bitcast i32 %ia{step}{i} to <2 x half>\n");
            }

            for (int i = 0; i < 2; i++)
            {
                text.Append($"  %ib{step}{i} = extractvalue {{ i32, i32 }} %fb{step}, {i}\n  %hb{step}{i} = bitcast i32 %ib{step}{i} to <2 x half>\n");
            }

            string operands = string.Join(", ", Enumerable.Range(0, 4).Select(i => $"<2 x half> %ha{step}{i}")
                .Concat(Enumerable.Range(0, 2).Select(i => $"<2 x half> %hb{step}{i}")).Concat(Enumerable.Range(0, 4).Select(i => $"float {before(i)}")));
            text.Append($"  %m{step} = call {{ float, float, float, float }} @llvm.nvvm.mma.m16n8k16.row.col.f32.f32({operands})\n");
            for (int i = 0; i < 4; i++)
            {
                text.Append($"  %d{step}{i} = extractvalue {{ float, float, float, float }} %m{step}, {i}\n");
            }

            text.Append(barrierAfter ? meet : "");
        }

        return text.Append(
            $$"""
              %group = lshr i32 %t, 2
              %inside = and i32 %t, 3
              %g8 = shl i32 %group, 3
              %i2 = shl i32 %inside, 1
              %place = add i32 %g8, %i2
              %upper = getelementptr float, ptr addrspace(1) %c, i32 %place
              %lower = getelementptr float, ptr addrspace(1) %upper, i32 64
              %v0 = insertelement <2 x float> poison, float %d{{Steps - 1}}0, i32 0
              %v1 = insertelement <2 x float> %v0, float %d{{Steps - 1}}1, i32 1
              %w0 = insertelement <2 x float> poison, float %d{{Steps - 1}}2, i32 0
              %w1 = insertelement <2 x float> %w0, float %d{{Steps - 1}}3, i32 1
              store <2 x float> %v1, ptr addrspace(1) %upper
              store <2 x float> %w1, ptr addrspace(1) %lower
              ret void
            }
            """).ToString();
    }
}
