using Dlc.Peers;
using Xunit;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>What ptxas says of kernels is read right; runs only where ptxas has been fetched.</summary>
public sealed class PtxasTests
{
    [PtxasFact]
    public void Registers_and_shared_memory_are_reported()
    {
        var kernels = Ptxas.Assemble(Text("mov.b32 %r1, tile;\nst.shared.b32 [%r1], %r1;"), "sm_80");
        var kernel = Assert.Single(kernels);
        Assert.Equal("k", kernel.Kernel);
        Assert.InRange(kernel.Registers, 1, 32);
        Assert.Equal(512, kernel.SharedBytes);
        Assert.Equal((0, 0, 0), (kernel.StackBytes, kernel.SpillStores, kernel.SpillLoads));
    }

    [PtxasFact]
    public void Spills_are_reported()
    {
        // 64 values are alive at once in 24 registers.
        string loads = string.Join('\n', Enumerable.Range(0, 64).Select(i => $"ld.volatile.global.b32 %r{i}, [%rd0+{4 * i}];"));
        string stores = string.Join('\n', Enumerable.Range(0, 64).Select(i => $"st.volatile.global.b32 [%rd0+{4 * i}], %r{63 - i};"));
        var kernel = Assert.Single(Ptxas.Assemble(Text($"ld.param.u64 %rd0, [out];\n{loads}\n{stores}", ".maxnreg 24"), "sm_90"));
        Assert.InRange(kernel.SpillStores, 1, 1000);
        Assert.InRange(kernel.SpillLoads, 1, 1000);
    }

    [PtxasFact]
    public void What_is_no_PTX_is_refused() => Assert.Contains(
        "nowhere", Assert.Throws<InvalidDataException>(() => Ptxas.Assemble(Text("bra nowhere;"), "sm_80")).Message);

    private static string Text(string body, string performance = "") =>
        $$"""
        .version 7.8
        .target sm_80
        .address_size 64
        .visible .entry k(.param .u64 out) {{performance}}
        {
            .reg .b32 %r<64>;
            .reg .b64 %rd<4>;
            .shared .align 16 .b8 tile[512];
            {{body}}
            ret;
        }
        """;
}
