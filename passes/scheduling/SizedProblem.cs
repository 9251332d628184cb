namespace Dlc.Passes.Scheduling;

/// <summary>A problem whose sizes are numbers.</summary>
/// <param name="Shape">Steps and buffers.</param>
/// <param name="Sizes">Bytes of each buffer.</param>
/// <param name="Transient">Bytes that exist only while a step runs, by step.</param>
internal sealed record SizedProblem(ProblemShape Shape, long[] Sizes, long[] Transient)
{
    public int Count => Shape.Count;

    /// <summary>The reversed problem.</summary>
    public SizedProblem Reverse() => this with { Shape = Shape.Reverse() };

    /// <summary>A part with its own numbering (see <see cref="ProblemShape.Extract"/>).</summary>
    public (SizedProblem Problem, ProblemShape.Part Part) Extract(int[] steps, Func<int, bool>? isDone)
    {
        var part = Shape.Extract(steps, isDone);
        return (new SizedProblem(part.Shape, [.. part.Buffers.Select(b => Sizes[b])], [.. steps.Select(s => Transient[s])]), part);
    }

    /// <summary>Most bytes that are live at once in an order of all steps.</summary>
    public long Peak(ReadOnlySpan<int> order)
    {
        var walk = new LiveWalk(this);
        foreach (var step in order)
        {
            walk.Run(step);
        }

        return walk.Peak;
    }
}
