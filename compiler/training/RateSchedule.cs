using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Training;

/// <summary>The learning rate over the steps of a training: rises in a line during the warm-up, then stays or falls to 0 at the last step.</summary>
/// <param name="Peak">The rate after the warm-up.</param>
/// <param name="Warmup">Steps of the warm-up.</param>
/// <param name="Total">Steps of the training.</param>
/// <param name="Shape">One of <see cref="Shapes"/>.</param>
internal sealed record RateSchedule(double Peak, long Warmup, long Total, string Shape)
{
    /// <summary>How it goes on after the warm-up.</summary>
    public static IReadOnlyList<string> Shapes { get; } = ["constant", "linear", "cosine"];

    /// <summary>The rate of a step, counted from 0.</summary>
    public double At(long step)
    {
        if (step < Warmup)
        {
            return Peak * (step + 1) / Warmup;
        }

        var done = Total > Warmup ? Math.Min(1, (double)(step - Warmup) / (Total - Warmup)) : 0;
        return Shape switch
        {
            "constant" => Peak,
            "linear" => Peak * (1 - done),
            "cosine" => Peak * (1 + Math.Cos(Math.PI * done)) / 2,
            _ => throw new DlcException(ErrorCodes.BadOption, $"there is no schedule '{Shape}'; there are {string.Join(", ", Shapes)}"),
        };
    }
}
