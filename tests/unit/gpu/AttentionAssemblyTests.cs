using System.Text.RegularExpressions;
using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.Peers;
using Dlc.Tests.Unit.Ptx;
using Xunit;
using Xunit.Abstractions;
using static Dlc.Tests.Gpu.AttentionCase;

namespace Dlc.Tests.Gpu;

/// <summary>What ptxas makes of attention: nothing leaves the registers, and they suffice for three blocks where shared memory does.</summary>
public sealed partial class AttentionAssemblyTests(ITestOutputHelper output)
{
    /// <summary>Registers of a thread with which three blocks of 128 threads have room.</summary>
    private const int MostRegisters = 168;

    /// <summary>Shared memory of a multiprocessor of sm_80, and what a block takes of it besides its own.</summary>
    private const int SharedBytes = 164 << 10, ReservedBytes = 1 << 10;

    [PtxasTheory]
    [InlineData(ElementType.Float32, "sm_80")]
    [InlineData(ElementType.Float32, "sm_90")]
    [InlineData(ElementType.Float32, "sm_80+tf32")]
    [InlineData(ElementType.Float32, "sm_90+tf32")]
    [InlineData(ElementType.Float16, "sm_80")]
    [InlineData(ElementType.Float16, "sm_90")]
    [InlineData(ElementType.BFloat16, "sm_80")]
    [InlineData(ElementType.BFloat16, "sm_90")]
    public void Attention_stays_in_registers(ElementType type, string target)
    {
        var gpu = PtxTarget.Parse(target);
        var isFine = true;
        foreach (var (length, mask) in new[] { (64, MaskKind.Causal), (64, MaskKind.Bias), (128, MaskKind.Padding), (128, MaskKind.CausalInfinite) })
        {
            var (graph, _, _) = new AttentionCase(type, 1, 1, length, length) { Heads = 8, KeyHeads = 2, Mask = mask }.Build();
            var launches = Passes.Lowering.Lowering.Run(Fused(graph, gpu.Machine), gpu.Machine).Steps.OfType<LaunchStep>();
            foreach (var kernel in launches.SelectMany(l => l.Alternatives.Select(a => a.Kernel).Append(l.Kernel)).Where(k => k.ThreadsPerItem > 1))
            {
                var image = PtxCompiler.Compile([kernel], gpu, 1);
                foreach (var code in new[] { image.Kernels[0].Narrow, image.Kernels[0].Wide! })
                {
                    var made = Assert.Single(Ptxas.Assemble(PtxLaunch.Text(image, code), target.Split('+')[0]));
                    var rows = RowsOfTile().Match(kernel.ToString()).Groups[1].Value;
                    output.WriteLine($"{type} {target} {length} {mask} {kernel.Name} rows {rows}{(code == image.Kernels[0].Narrow ? "" : " wide")}: "
                        + $"{made.Registers} registers, {code.SharedBytes} bytes, spills {made.SpillStores}");
                    var hasRoomForThree = code == image.Kernels[0].Narrow && 3 * (code.SharedBytes + ReservedBytes) <= SharedBytes;
                    isFine &= made.SpillStores == 0 && made.SpillLoads == 0 && (!hasRoomForThree || made.Registers <= MostRegisters);
                }
            }
        }

        Assert.True(isFine, "some kernel spills; see the output");
    }

    [GeneratedRegex(@"f32\[(\d+) x")]
    private static partial Regex RowsOfTile();
}
