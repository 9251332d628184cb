using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Range: <c>start + i * delta</c> for all i from 0 on that stay before the limit.</summary>
internal sealed class RangeOperator : IOnnxOperator
{
    public string Type => "Range";

    public void Import(OnnxNode node)
    {
        var element = node.InputType(0).Element;
        var positions = node.Emit(new Iota(element, [Length(node)], 0));
        if (!IsNumber(node, 2, 1))
        {
            positions = node.Emit(new Mul(), positions, Scalar(node, 2));
        }

        if (!IsNumber(node, 0, 0))
        {
            positions = node.Emit(new Add(), positions, Scalar(node, 0));
        }

        node.SetOutput(0, positions);
    }

    private static Dim Length(OnnxNode node)
    {
        if (node.KnownDim(0) is { } start && node.KnownDim(2) is { IsConstant: true } step && !step.Is(0))
        {
            if (node.KnownDim(1) is { } limit)
            {
                var length = step.Constant > 0 ? (limit - start).CeilDiv(step.Constant) : (start - limit).CeilDiv(-step.Constant);
                return node.Facts.ProveLessOrEqual(node.Dims.Zero, length) == Proof.True ? length : length.Max(0);
            }

            if (start.Is(0) && step.Is(1))
            {
                return node.Size(1);
            }
        }

        // In double: exact for integers up to 2^53, which no length passes.
        Value Wide(int input)
        {
            var value = Scalar(node, input);
            return value.Type.Element == ElementType.Float64 ? value : node.Emit(new Cast(ElementType.Float64), value);
        }

        var quotient = node.Emit(new Div(), node.Emit(new Sub(), Wide(1), Wide(0)), Wide(2));
        var count = node.Emit(new Cast(ElementType.Int64), node.Emit(new Max(), node.Emit(new Ceil(), quotient), node.Scalar(ElementType.Float64, 0)));
        return node.Bind(count, "n");
    }

    private static Value Scalar(OnnxNode node, int input) =>
        node.InputType(input).Rank == 0 ? node.Input(input) : node.Emit(new Reshape([]), node.Input(input));

    private static bool IsNumber(OnnxNode node, int input, double number) =>
        node.Constant(input) is { Count: 1 } constant && constant.GetDouble(0) == number;
}
