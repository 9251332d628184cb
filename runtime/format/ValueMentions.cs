using static Dlc.Runtime.Format.ModelValidator;

namespace Dlc.Runtime.Format;

/// <summary>Checks each mention of a value on the walk of a <see cref="ProgramValidator"/>: it exists, is alive there, and may be used in that way.</summary>
internal sealed class ValueMentions(ExecutableModel model)
{
    // The loop body that a value belongs to because its LoopStep fills it; SlotScopes.Undefined for others.
    private readonly int[] _loopOf = SlotScopes.Filled(model.Values.Length);

    /// <summary>What is defined where the walk is.</summary>
    public SlotScopes Slots { get; } = new(model);

    /// <summary>The dims of a value, and of what it is a view of, are known here, and so is the value.</summary>
    public void Mention(int value, string place)
    {
        CheckId(value, place);
        while (true)
        {
            var info = model.Values[value];
            foreach (int slot in info.Dims)
            {
                Slots.Use(slot, place);
            }

            Demand(_loopOf[value] == SlotScopes.Undefined || Slots.IsOpen(_loopOf[value]), $"{place} mentions value {value} outside of its loop");
            if (info.Storage != StorageKind.Alias)
            {
                return;
            }

            Slots.UseOptional(info.ByteOffsetSlot, place);
            value = info.Index;
        }
    }

    /// <summary>As <see cref="Mention"/>, and it has this type.</summary>
    public void MentionTyped(int value, ScalarType type, string place)
    {
        Mention(value, place);
        Demand(model.Values[value].Type == type, $"{place} needs value {value} to be {type.Name()}");
    }

    /// <summary>As <see cref="Mention"/>, and it may be written.</summary>
    public void MentionWritten(int value, string place)
    {
        Mention(value, place);
        DemandWritable(value, place);
    }

    /// <summary>It is neither a constant nor an input that nothing updates.</summary>
    public void DemandWritable(int value, string place)
    {
        int root = value;
        while (model.Values[root].Storage == StorageKind.Alias)
        {
            root = model.Values[root].Index;
        }

        var info = model.Values[root];
        bool isWritable = info.Storage switch
        {
            StorageKind.Constant => false,
            StorageKind.Input => Array.Exists(model.Outputs, o => o.UpdatesInput == info.Index),
            _ => true,
        };
        Demand(isWritable, $"{place} writes to value {value}, which is read only");
    }

    /// <summary>A loop fills the value before each iteration: it is alive in the body alone.</summary>
    public void OwnByLoop(int value, int body, string place)
    {
        CheckId(value, place);
        Demand(model.Values[value].Storage == StorageKind.Temporary, $"{place} needs value {value} to be a temporary");
        Demand(_loopOf[value] == SlotScopes.Undefined, $"{place} fills value {value}, which a loop fills already");
        _loopOf[value] = body;
    }

    /// <summary>A value can be handed on as another one.</summary>
    public void SameKind(int from, int to, int extraRank, string place)
    {
        var a = model.Values[from];
        var b = model.Values[to];
        Demand(
            a.Type == b.Type && a.Dims.Length + extraRank == b.Dims.Length,
            $"{place} hands value {from} on as value {to}, which has another type or rank");
    }

    /// <summary>There is such a value.</summary>
    public void CheckId(int value, string place) =>
        Demand((uint)value < (uint)model.Values.Length, $"{place} mentions value {value} of {model.Values.Length}");
}
