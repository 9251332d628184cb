using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.Tests.Gpu;
using Xunit;

namespace Dlc.Tests.Property;

/// <summary>Attention of random shapes, masks and types in one kernel computes what its operators say, kernel by kernel and instruction by instruction.</summary>
public sealed class RandomAttentionTests
{
    private static readonly long[] Queries = [0, 1, 1, 2, 5, 16, 17, 40, 70], Keys = [0, 1, 2, 17, 63, 64, 65, 130], Lengths = [1, 7, 8, 16, 24, 33, 40, 64, 80];

    /// <summary>Keys that blocks share.</summary>
    private const long LongCache = 780;

    public static TheoryData<int> Seeds()
    {
        var seeds = new TheoryData<int>();
        for (var i = 0; i < 24; i++)
        {
            seeds.Add(i);
        }

        return seeds;
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_attention_equals_its_operators(int seed)
    {
        var random = new Random(seed);
        T Any<T>(params T[] of) => of[random.Next(of.Length)];
        var type = Any(ElementType.Float32, ElementType.Float16, ElementType.BFloat16);
        var keyHeads = Any(1L, 2, 3);
        var queries = Any(Queries);
        var attention = new AttentionCase(type, queries, queries is > 0 and <= 16 && Any(false, false, true) ? LongCache : Any(Keys), Any(Lengths), Any(Lengths))
        {
            Seed = seed,
            Batch = Any(0L, 1, 1, 2, 2),
            KeyHeads = keyHeads,
            Heads = keyHeads * Any(1, 1, 2, 4),
            Mask = Any(Enum.GetValues<AttentionCase.MaskKind>()),
            EmptyIsZero = Any(true, false),
            HasViews = Any(true, false),
        };
        attention = Any(attention, attention with { HasGroupAxis = attention.Heads != keyHeads }, attention with { HasFlatHeads = true });
        attention.Check(PtxTarget.Parse(Any("sm_80", "sm_90") + (type == ElementType.Float32 ? Any("", "+tf32") : "")), Any(true, true, false), Any(true, true, false));
    }
}
