using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;

namespace Dlc.Passes.Training;

/// <summary>
/// The usual loss of classifiers and language models: the mean of <c>-log softmax(logits)[label]</c> over all labels but those of
/// <see cref="Ignored"/>. Logits are <c>[..., classes]</c>, labels integers <c>[...]</c>. Computed in f32 or wider.
/// </summary>
public static class CrossEntropy
{
    /// <summary>The label of what does not count.</summary>
    public const long Ignored = -100;

    /// <summary>Appends the loss, a scalar; 0 where no label counts.</summary>
    /// <exception cref="DlcException">Logits and labels do not fit.</exception>
    public static Value Append(OpWriter writer, Value logits, Value labels)
    {
        var shape = logits.Type.Shape;
        if (!logits.Type.Element.IsFloat() || shape.Rank < 1 || !labels.Type.Element.IsInteger() || labels.Type.Rank != shape.Rank - 1)
        {
            throw new DlcException(ErrorCodes.BadOption, $"a cross-entropy takes logits [..., classes] and integer labels [...], found {logits.Type} and {labels.Type}");
        }

        var (axis, x) = (shape.Rank - 1, writer.As(logits, OpWriter.Wide(logits.Type.Element)));
        var shifted = writer.Minus(x, writer.Reduced(ReduceKind.Max, x, axis));
        var logarithm = writer.Emit(new Log(), writer.Sum(writer.Emit(new Exp(), shifted), axis));
        var probabilities = writer.Minus(shifted, logarithm);

        // Any class will do where none is meant.
        var index = writer.As(labels, ElementType.Int64);
        var isIgnored = writer.IsEqual(index, Ignored);
        var places = writer.Shaped(writer.Choose(isIgnored, 0, index), shape.With(axis, writer.Dims.One));
        var picked = writer.Shaped(writer.Emit(new GatherElements(axis), probabilities, places), labels.Type.Shape);
        var total = writer.Total(writer.Choose(isIgnored, 0, writer.Negative(picked)));
        var count = writer.Total(writer.As(writer.Emit(new Not(), isIgnored), x.Type.Element));
        return writer.Over(total, writer.Emit(new Max(), count, writer.Scalar(x.Type.Element, 1)));
    }
}
