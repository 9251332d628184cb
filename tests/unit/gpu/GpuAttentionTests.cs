using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Kernels;
using Xunit;
using static Dlc.Tests.Gpu.AttentionCase;

namespace Dlc.Tests.Gpu;

/// <summary>Attention with online softmax, against its operators one by one.</summary>
public sealed class GpuAttentionTests
{
    /// <summary>Types with the target that computes with them, tf32 among them.</summary>
    public static TheoryData<ElementType, string> Types() => new()
    {
        { ElementType.Float32, "sm_80" },
        { ElementType.Float32, "sm_80+tf32" },
        { ElementType.Float16, "sm_80" },
        { ElementType.BFloat16, "sm_90" },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Many_rows_equal_their_operators(ElementType type, string target)
    {
        new AttentionCase(type, 20, 70, 16, 16).Check(PtxTarget.Parse(target), alternatives: null);
        new AttentionCase(type, 65, 129, 64, 64) { Heads = 1, KeyHeads = 1, Mask = MaskKind.Causal }.Check(PtxTarget.Parse(target), alternatives: null);
        new AttentionCase(type, 33, 64, 128, 128) { Batch = 1, Heads = 1, KeyHeads = 1 }.Check(PtxTarget.Parse(target), alternatives: null);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Few_rows_split_the_keys(ElementType type, string target)
    {
        new AttentionCase(type, 1, 150, 64, 64) { Mask = MaskKind.Padding }.Check(PtxTarget.Parse(target));
        new AttentionCase(type, 5, 65, 16, 8).Check(PtxTarget.Parse(target));
        new AttentionCase(type, 1, 1, 128, 128) { Batch = 1 }.Check(PtxTarget.Parse(target));
        new AttentionCase(type, 1, 67, 32, 32).Check(PtxTarget.Parse(target), alternatives: false);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Heads_may_have_any_length(ElementType type, string target)
    {
        new AttentionCase(type, 18, 40, 8, 24) { Mask = MaskKind.Bias }.Check(PtxTarget.Parse(target), alternatives: null);
        new AttentionCase(type, 3, 40, 80, 40) { Batch = 1 }.Check(PtxTarget.Parse(target));
        new AttentionCase(type, 18, 33, 13, 7) { Mask = MaskKind.Softcap }.Check(PtxTarget.Parse(target), alternatives: null);
        new AttentionCase(type, 2, 33, 5, 9) { HasViews = true }.Check(PtxTarget.Parse(target));
        new AttentionCase(type, 18, 70, 1, 1).Check(PtxTarget.Parse(target), alternatives: null);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Nothing_is_attended_to_where_there_is_nothing(ElementType type, string target)
    {
        new AttentionCase(type, 20, 0, 16, 16).Check(PtxTarget.Parse(target), alternatives: null);
        new AttentionCase(type, 2, 0, 16, 16).Check(PtxTarget.Parse(target));
        new AttentionCase(type, 0, 20, 16, 16).Check(PtxTarget.Parse(target));
        new AttentionCase(type, 4, 20, 16, 16) { Batch = 0 }.Check(PtxTarget.Parse(target));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Rows_without_keys_are_what_their_softmax_is(ElementType type, string target)
    {
        foreach (var isZero in new[] { false, true })
        {
            // With so few keys some rows see none; with more some blocks of keys hold none.
            new AttentionCase(type, 40, 2, 16, 16) { Mask = MaskKind.Sparse, EmptyIsZero = isZero }.Check(PtxTarget.Parse(target), alternatives: null);
            new AttentionCase(type, 7, 3, 16, 16) { Mask = MaskKind.Sparse, EmptyIsZero = isZero }.Check(PtxTarget.Parse(target));
            new AttentionCase(type, 40, 140, 16, 16) { Mask = MaskKind.CausalInfinite, EmptyIsZero = isZero }.Check(PtxTarget.Parse(target), alternatives: null);
            new AttentionCase(type, 7, 140, 16, 16) { Mask = MaskKind.CausalInfinite, EmptyIsZero = isZero }.Check(PtxTarget.Parse(target));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Groups_of_heads_share_keys(ElementType type, string target)
    {
        new AttentionCase(type, 1, 70, 16, 16) { Heads = 8, KeyHeads = 2, Mask = MaskKind.Causal }.Check(PtxTarget.Parse(target));
        new AttentionCase(type, 3, 35, 16, 16) { Heads = 4, KeyHeads = 2, HasGroupAxis = true, Mask = MaskKind.Bias, Batch = 1 }.Check(PtxTarget.Parse(target));
        new AttentionCase(type, 9, 35, 16, 16) { Heads = 4, KeyHeads = 1, HasGroupAxis = true, Mask = MaskKind.Causal }.Check(PtxTarget.Parse(target));
        new AttentionCase(type, 20, 35, 16, 16) { Heads = 4, KeyHeads = 2, HasViews = true, Mask = MaskKind.Bias }.Check(PtxTarget.Parse(target), alternatives: null);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Heads_may_be_one_axis_with_the_batch(ElementType type, string target)
    {
        new AttentionCase(type, 18, 35, 16, 16) { HasFlatHeads = true, Mask = MaskKind.Bias }.Check(PtxTarget.Parse(target), alternatives: null);
        new AttentionCase(type, 2, 35, 16, 16) { HasFlatHeads = true, HasViews = true, Mask = MaskKind.Causal }.Check(PtxTarget.Parse(target));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Queries_keys_and_values_are_copied_on_their_way(ElementType type, string target)
    {
        var gpu = PtxTarget.Parse(target);
        var plain = new AttentionCase(type, 1, 1, 64, 64);
        foreach (var attention in new[] { plain, plain with { Heads = 8, KeyHeads = 2 }, plain with { Heads = 8, KeyHeads = 2, HasGroupAxis = true } })
        {
            var launches = Passes.Lowering.Lowering.Run(Fused(attention.Build().Graph, gpu.Machine), gpu.Machine).Steps.OfType<LaunchStep>();
            foreach (var kernel in launches.SelectMany(l => l.Alternatives.Select(a => a.Kernel).Append(l.Kernel)).Where(k => k.ThreadsPerItem > 1))
            {
                var image = PtxCompiler.Compile([kernel], gpu, 1);
                var text = PtxLaunch.Text(image, image.Kernels[0].Narrow);

                // Queries, the first keys, further keys, values.
                Assert.InRange(text.Split("cp.async.cg.shared.global").Length - 1, 4, 16);
                Assert.Equal(type != ElementType.Float32 || gpu.Machine.Gpu!.AllowTf32, text.Contains("mma.sync", StringComparison.Ordinal));
                Assert.DoesNotContain(".local", text, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Long_caches_are_split_over_blocks(ElementType type, string target)
    {
        var gpu = PtxTarget.Parse(target);
        foreach (var attention in new[]
        {
            new AttentionCase(type, 1, 900, 16, 16) { Batch = 1, Mask = MaskKind.Padding },
            new AttentionCase(type, 3, 800, 8, 9) { Batch = 1, Heads = 4, KeyHeads = 2, Mask = MaskKind.Causal },
            new AttentionCase(type, 16, 769, 8, 40) { Batch = 1, Heads = 1, KeyHeads = 1, Mask = MaskKind.CausalInfinite },
            new AttentionCase(type, 2, 1100, 8, 8) { Batch = 1, Heads = 4, KeyHeads = 2, HasGroupAxis = true, Mask = MaskKind.Nothing },
            new AttentionCase(type, 2, 1100, 8, 8) { Batch = 1, Heads = 4, KeyHeads = 2, Mask = MaskKind.Nothing, EmptyIsZero = true },
        })
        {
            attention.Check(gpu);
            var (blocks, items) = attention.Parts(gpu);
            Assert.InRange(items, 3 * blocks, 5 * blocks);
        }

        // Short caches, many rows and many heads are not.
        Assert.Equal(0, new AttentionCase(type, 1, 511, 16, 16).Parts(gpu).Items);
        Assert.Equal(0, new AttentionCase(type, 17, 4000, 16, 16).Parts(gpu).Items);
        Assert.Equal(0, new AttentionCase(type, 1, 4000, 16, 16) { Batch = 200 }.Parts(gpu).Items);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Threads_of_a_warp_use_different_banks(ElementType type, string target)
    {
        foreach (var chooses in new[] { true, false })
        {
            var (passes, least) = new AttentionCase(type, 64, 128, 64, 64) { Batch = 1, Heads = 1, KeyHeads = 1 }.SharedAccesses(PtxTarget.Parse(target), chooses);
            Assert.InRange(passes, least, least * 11 / 10);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Large_scores_do_not_overflow(ElementType type, string target) =>
        new AttentionCase(type, 18, 100, 64, 16) { Scale = type == ElementType.Float32 && target.EndsWith("tf32", StringComparison.Ordinal) ? 1 : 100, Batch = 1 }.Check(PtxTarget.Parse(target), alternatives: null);

    [Theory]
    [MemberData(nameof(Types))]
    public void Wide_indices_change_nothing(ElementType type, string target)
    {
        new AttentionCase(type, 20, 70, 24, 16) { Mask = MaskKind.Bias }.Check(PtxTarget.Parse(target), narrow: false);
        new AttentionCase(type, 3, 70, 64, 64) { Heads = 4, Mask = MaskKind.Padding }.Check(PtxTarget.Parse(target), narrow: false, alternatives: true);
    }
}
