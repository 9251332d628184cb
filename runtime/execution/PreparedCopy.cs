using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

internal sealed class PreparedCopy(CopyStep source) : PreparedStep(source, StepKind.Copy)
{
    public int From { get; } = source.Source;

    public int To { get; } = source.Destination;
}
