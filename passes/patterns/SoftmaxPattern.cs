using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Patterns;

/// <summary>Softmaxes and their parts among primitives.</summary>
internal static class SoftmaxPattern
{
    /// <summary>
    /// The value whose softmax over the last axis a division completes, with whether a row that is minus infinity throughout gives 0 instead of NaN; null
    /// for other nodes.
    /// </summary>
    public static (Value Scores, bool EmptyIsZero)? OverLastAxis(Node node)
    {
        if (PartsOf(node) is not var (exponent, sum) || exponent.Producer is not { Op: Sub } shifted || MaximumOf(shifted.Inputs[1]) is not { } maximum
            || maximum.Inputs[0] != shifted.Inputs[0])
        {
            return null;
        }

        ValueList<int> last = [shifted.Output.Type.Rank - 1];
        var (shift, divisor) = (shifted.Inputs[1].Producer!, node.Inputs[1].Producer!);
        var isShiftKept = shift.Op is not Where || (IsNumber(shift.Inputs[1], 0) && shift.Inputs[0].Producer!.Op is IsInf { Negative: true });
        var isSumKept = divisor.Op is not Where || (IsNumber(divisor.Inputs[1], 1) && IsNumber(divisor.Inputs[0].Producer!.Inputs[1], 0));
        return ((Reduce)maximum.Op).Axes == last && ((Reduce)sum.Op).Axes == last && isShiftKept && isSumKept
            ? (shifted.Inputs[0], shift.Op is Where && divisor.Op is Where)
            : null;
    }

    /// <summary>The exponent z and the sum of a quotient <c>e^z / sum(e^z)</c>.</summary>
    public static (Value Exponent, Node Sum)? PartsOf(Node node) =>
        node.Op is Div && ExponentOf(node.Inputs[0]) is { } z && SumOf(node.Inputs[1]) is { } sum && sum.Inputs[0] == node.Inputs[0] ? (z, sum) : null;

    /// <summary>What a value is e to the power of.</summary>
    public static Value? ExponentOf(Value value) => value.Producer is { Op: Exp } exp ? exp.Inputs[0] : null;

    /// <summary>The sum that makes a value, also where 0 is replaced by 1.</summary>
    public static Node? SumOf(Value value) => value.Producer switch
    {
        { Op: Reduce { Kind: ReduceKind.Sum } } sum => sum,
        { Op: Where } choice when choice.Inputs[0].Producer is { Op: Equal } zero && zero.Inputs[0] == choice.Inputs[2]
            && choice.Inputs[2].Producer is { Op: Reduce { Kind: ReduceKind.Sum } } sum => sum,
        _ => null,
    };

    /// <summary>The sum whose logarithm a value is.</summary>
    public static Node? LogSumOf(Value value) => value.Producer is { Op: Log } log
        && log.Inputs[0].Producer is { Op: Reduce { Kind: ReduceKind.Sum } } sum ? sum : null;

    /// <summary>The maximum that makes a value, also where infinities are replaced by 0.</summary>
    public static Node? MaximumOf(Value value) => value.Producer switch
    {
        { Op: Reduce { Kind: ReduceKind.Max } } maximum => maximum,
        { Op: Where } choice when choice.Inputs[0].Producer is { Op: IsInf } test && test.Inputs[0] == choice.Inputs[2]
            && choice.Inputs[2].Producer is { Op: Reduce { Kind: ReduceKind.Max } } maximum => maximum,
        _ => null,
    };

    private static bool IsNumber(Value value, double number) => value.Producer?.Op is Constant { Tensor: { Count: 1 } one } && one.GetDouble(0) == number;
}
