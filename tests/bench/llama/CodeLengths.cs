namespace Dlc.Bench.Llama;

/// <summary>
/// Batches as a trainer on CodeAlpaca-20K sees them. Texts have 100 to 3000 characters; their lengths are drawn from a log-normal distribution (median
/// 400, deviation of the logarithm 0.75) and cut off at those ends; a token is 3.5 characters. A batch is padded to its longest text.
/// </summary>
internal static class CodeLengths
{
    public const int Seed = 20241216;
    public const int Batches = 200;
    private const double Median = 400;
    private const double Deviation = 0.75;
    private const double CharactersPerToken = 3.5;

    /// <summary>Tokens of the longest text of each batch of a size.</summary>
    public static long[] Of(int batch)
    {
        var random = new Random(Seed);
        return [.. Enumerable.Range(0, Batches).Select(_ => Enumerable.Range(0, batch).Max(_ => Tokens(random)))];
    }

    private static long Tokens(Random random)
    {
        // Box and Muller.
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return (long)Math.Ceiling(Math.Clamp(Median * Math.Exp(Deviation * normal), 100, 3000) / CharactersPerToken);
    }
}
