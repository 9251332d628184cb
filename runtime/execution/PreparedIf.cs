using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

internal sealed class PreparedIf(IfStep source, PreparedStep[] then, PreparedStep[] otherwise, int exitPoint)
    : PreparedStep(source, StepKind.If)
{
    public int Condition { get; } = source.Condition;

    public PreparedStep[] Then { get; } = then;

    public PreparedStep[] Else { get; } = otherwise;

    public BranchResult[] Results { get; } = source.Results;

    public int ExitPoint { get; } = exitPoint;
}
