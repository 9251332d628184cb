using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

internal sealed class PreparedLaunch(LaunchStep source, int position, PreparedVariant[] variants) : PreparedStep(source, StepKind.Launch, position)
{
    public int[] Buffers { get; } = source.Buffers;

    public int[] Dims { get; } = source.Dims;

    public PreparedVariant[] Variants { get; } = variants;

    public string[] Messages { get; } = source.Messages;
}
