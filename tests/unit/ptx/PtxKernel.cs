using Dlc.Ptx;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>Hand-written kernels for tests.</summary>
internal static class PtxKernel
{
    /// <summary>A module around the body of the kernel k, which has a register of each name that tests use.</summary>
    /// <param name="parameters">Such as ".param .u64 out".</param>
    /// <param name="body">Instructions.</param>
    /// <param name="declarations">Variables of the module.</param>
    public static PtxModule Module(string parameters, string body, string declarations = "") => PtxModule.Parse(
        $$"""
        .version 7.8
        .target sm_80
        .address_size 64
        {{declarations}}
        .visible .entry k({{parameters}})
        {
            .reg .pred %p<16>;
            .reg .b16 %rs<32>;
            .reg .b32 %r<64>;
            .reg .b64 %rd<32>;
            {{body}}
        }
        """);

    /// <summary>Loads the pointer out into %rd0 and the thread's number in the block into %r0, and makes %rd1 the thread's place in out.</summary>
    /// <param name="bytes">Of an element of out.</param>
    public static string Prologue(int bytes) =>
        $"""
        ld.param.u64 %rd0, [out];
        mov.u32 %r0, %tid.x;
        mul.wide.u32 %rd1, %r0, {bytes};
        add.s64 %rd1, %rd0, %rd1;
        """;

    /// <summary>What one thread computes: the body leaves it in a register that is stored.</summary>
    public static ulong Compute(string body, string register, int bytes)
    {
        using var module = Module(".param .u64 out", $"{Prologue(8)}\n{body}\nst.global.b{bytes * 8} [%rd1], {register};\nret;");
        using var memory = new PtxMemory();
        ulong output = memory.Allocate(8);
        memory.CopyIn<ulong>(output, [0ul]);
        module.Launch("k", memory, 1, 1, 0, output);
        return memory.Read<ulong>(output, 1)[0];
    }
}
