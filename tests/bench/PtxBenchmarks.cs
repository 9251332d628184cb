using BenchmarkDotNet.Attributes;
using Dlc.Ptx;

namespace Dlc.Bench;

/// <summary>
/// How fast the PTX interpreter runs instructions of a kind: 8 warps of a block, 32 rounds of 64 such instructions. Time is that of one instruction of one lane.
/// </summary>
public class PtxBenchmarks
{
    private const int Threads = 256;
    private const int Rounds = 32;
    private const int Repeats = 64;

    private PtxModule _module = null!;
    private PtxMemory _memory = null!;
    private ulong _buffer;

    /// <summary>The instruction.</summary>
    [Params("fma", "cvt", "ld.global", "ld.shared.v4", "st.shared", "shfl", "ldmatrix", "mma")]
    public string Instruction { get; set; } = "fma";

    /// <summary>Writes the kernel.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        string text = Instruction switch
        {
            "fma" => "fma.rn.f32 %r3, %r3, %r1, %r2;",
            "cvt" => "cvt.rn.bf16.f32 %rs1, %r3;",
            "ld.global" => "ld.global.b32 %r3, [%rd1];",
            "ld.shared.v4" => "ld.shared.v4.b32 {%r3, %r4, %r5, %r6}, [%r9];",
            "st.shared" => "st.shared.b32 [%r9], %r1;",
            "shfl" => "shfl.sync.bfly.b32 %r3, %r3, 1, 31, -1;",
            "ldmatrix" => "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r3, %r4, %r5, %r6}, [%r9];",
            _ => "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%r3, %r4, %r5, %r6}, {%r1, %r1, %r1, %r1}, {%r1, %r1}, {%r2, %r2, %r2, %r2};",
        };
        _module = PtxModule.Parse(
            $$"""
            .version 7.8
            .target sm_80
            .address_size 64
            .visible .entry k(.param .u64 buffer)
            {
                .reg .pred %p<2>;
                .reg .b16 %rs<2>;
                .reg .b32 %r<12>;
                .reg .b64 %rd<2>;
                .shared .align 16 .b8 tile[{{Threads * 16}}];
                ld.param.u64 %rd0, [buffer];
                mov.u32 %r0, %tid.x;
                mad.wide.u32 %rd1, %r0, 4, %rd0;
                mov.b32 %r1, 0f3F800000;
                mov.b32 %r2, 0f00000000;
                mov.b32 %r3, %r1;
                mov.b32 %r8, tile;
                mad.lo.u32 %r9, %r0, 16, %r8;
                st.shared.v4.b32 [%r9], {%r1, %r1, %r1, %r1};
                bar.sync 0;
                mov.b32 %r10, 0;
            $round:
                {{string.Join('\n', Enumerable.Repeat(text, Repeats))}}
                add.u32 %r10, %r10, 1;
                setp.lt.u32 %p1, %r10, {{Rounds}};
                @%p1 bra $round;
                ret;
            }
            """);
        _memory = new PtxMemory();
        _buffer = _memory.Allocate<float>(new float[Threads]);
    }

    /// <summary>Frees what <see cref="Prepare"/> made.</summary>
    [GlobalCleanup]
    public void Free()
    {
        _module.Dispose();
        _memory.Dispose();
    }

    /// <summary>Runs a block.</summary>
    [Benchmark(OperationsPerInvoke = Threads * Rounds * Repeats)]
    public void Lane_instruction() => _module.Launch("k", _memory, 1, Threads, 0, _buffer);
}
