using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

internal sealed class PreparedLaunch(LaunchStep source, PreparedVariant[] variants) : PreparedStep(source, StepKind.Launch)
{
    public int[] Buffers { get; } = source.Buffers;

    public InPlaceBuffers[] InPlace { get; } = source.InPlace;

    public int[] Dims { get; } = source.Dims;

    public PreparedVariant[] Variants { get; } = variants;

    public string[] Messages { get; } = source.Messages;
}
