using Dlc.Compiler.IO;
using ModelBuilder;

namespace Dlc.Peers.Suite;

/// <summary>Draws one input.</summary>
/// <param name="dims">The input's dims.</param>
/// <param name="sizes">The sizes of the case, by dim name.</param>
/// <param name="random">Where randomness comes from.</param>
public delegate TensorData Fill(long[] dims, IReadOnlyDictionary<string, long> sizes, SeededRandom random);

/// <summary>The ways in which inputs of the suite's models are drawn.</summary>
public static class Fills
{
    /// <summary>Near-normal float32.</summary>
    public static Fill Normal(float deviation, float mean = 0) => (dims, _, random) =>
    {
        var values = new float[OnnxElementTypes.Count(dims, "input")];
        random.FillNormal(values, mean, deviation);
        return TensorData.Of<float>(values, dims);
    };

    /// <summary>Images [batch, channels, height, width] like a scanned page: bright, a little noise, dark strokes in lines.</summary>
    public static Fill Page() => (dims, sizes, random) =>
    {
        var page = Normal(0.05f, 1)(dims, sizes, random);
        var pixels = page.As<float>();
        var (height, width) = ((int)dims[2], (int)dims[3]);
        for (var plane = 0; plane < dims[0] * dims[1]; plane++)
        {
            // The same strokes in every channel, others in every image.
            var strokes = new SeededRandom((ulong)(plane / dims[1]) + 1);
            for (var top = 8; top + 16 <= height; top += 32)
            {
                for (var left = 4; left + 6 < width; left += 4 + (int)(strokes.NextBits() % 7))
                {
                    var (x, y, tall) = ((int)(strokes.NextBits() % 3), (int)(strokes.NextBits() % 8), strokes.NextBits() % 2 == 0);
                    for (var i = 0; i < (tall ? 16 - y : 6); i++)
                    {
                        var (row, column) = tall ? (top + y + i, left + x) : (top + y, left + i);
                        pixels.Slice((((plane * height) + row) * width) + column, 1).Fill(-1);
                        pixels.Slice((((plane * height) + row) * width) + column + 1, 1).Fill(-1);
                    }
                }
            }
        }

        return page;
    };

    /// <summary>int64 from <c>[0, limit)</c>.</summary>
    public static Fill Below(int limit) => (dims, _, random) => Ints(dims, _ => (long)(random.NextBits() % (ulong)limit));

    /// <summary>One int64 everywhere.</summary>
    public static Fill Constant(long value) => (dims, _, _) => Ints(dims, _ => value);

    /// <summary>An attention mask [batch, length]: row <c>r</c> masks its last <c>r mod 4</c> positions, but never all.</summary>
    public static Fill Mask() => (dims, _, _) => Ints(dims, i => (i % dims[1]) < Math.Max(1, dims[1] - ((i / dims[1]) % 4)) ? 1 : 0);

    /// <summary>Position ids [batch, length] that go on after the dim called <c>past</c>, where there is one.</summary>
    public static Fill Positions() => (dims, sizes, _) => Ints(dims, i => sizes.GetValueOrDefault("past") + (i % dims[1]));

    private static TensorData Ints(long[] dims, Func<long, long> element)
    {
        var values = new long[OnnxElementTypes.Count(dims, "input")];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = element(i);
        }

        return TensorData.Of<long>(values, dims);
    }
}
