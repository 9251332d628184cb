using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

internal sealed class PreparedCopy(CopyStep source, int position) : PreparedStep(source, StepKind.Copy, position)
{
    public int From { get; } = source.Source;

    public int To { get; } = source.Destination;
}
