namespace Dlc.Runtime.Memory;

/// <summary>How much is alive beside each buffer.</summary>
internal static class Crowds
{
    /// <summary>Counts the pairs of buffers that are alive at some place together, and gives for each buffer the bytes of those and its own.</summary>
    public static (long Pairs, double[] Bytes) Of(ArenaProblem problem)
    {
        int places = 0;
        for (int i = 0; i < problem.Count; i++)
        {
            places = Math.Max(places, problem.End[i] + 2);
        }

        // All that begin up to a place less all that end before another.
        var (begun, ended) = (new double[places + 1], new double[places + 1]);
        var (begunCount, endedCount) = (new int[places + 1], new int[places + 1]);
        for (int i = 0; i < problem.Count; i++)
        {
            if (problem.Bytes[i] > 0)
            {
                begun[problem.Start[i]] += problem.Bytes[i];
                begunCount[problem.Start[i]]++;
                ended[problem.End[i] + 1] += problem.Bytes[i];
                endedCount[problem.End[i] + 1]++;
            }
        }

        for (int p = 1; p <= places; p++)
        {
            begun[p] += begun[p - 1];
            ended[p] += ended[p - 1];
            begunCount[p] += begunCount[p - 1];
            endedCount[p] += endedCount[p - 1];
        }

        long pairs = 0;
        var bytes = new double[problem.Count];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (problem.Bytes[i] > 0)
            {
                bytes[i] = begun[problem.End[i]] - ended[problem.Start[i]];
                pairs += begunCount[problem.End[i]] - endedCount[problem.Start[i]] - 1;
            }
        }

        return (pairs / 2, bytes);
    }
}
