using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

internal sealed class PreparedBindSlot(BindSlotStep source, int point) : PreparedStep(source, StepKind.BindSlot)
{
    public int Slot { get; } = source.Slot;

    public int Value { get; } = source.Value;

    public int Point { get; } = point;
}
