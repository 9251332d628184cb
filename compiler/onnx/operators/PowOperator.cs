using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX Pow. The result has the base's type; a float exponent of an integer base is computed in floats. Exponents that are small constants, which
/// exported activations and norms are full of, become products and roots.
/// </summary>
internal sealed class PowOperator : IOnnxOperator
{
    public string Type => "Pow";

    public void Import(OnnxNode node)
    {
        if (node.Constant(1) is { Count: 1, Rank: 0 } scalar && scalar.GetDouble(0) == 1)
        {
            node.SetOutput(0, node.Argument(0));
            return;
        }

        var x = node.Input(0);
        var element = x.Type.Element;
        if (node.Constant(1) is { Count: 1 } constant && constant.Rank <= x.Type.Rank && Small(node, x, constant.GetDouble(0)) is { } product)
        {
            node.SetOutput(0, product);
            return;
        }

        var exponent = node.Input(1);
        if (exponent.Type.Element == element)
        {
            node.SetOutput(0, node.Emit(new Pow(), x, exponent));
            return;
        }

        var common = element.IsFloat() ? element
            : !exponent.Type.Element.IsFloat() ? Wider(element, exponent.Type.Element)
            : exponent.Type.Element == ElementType.Float64 || element.Bytes() > 2 ? ElementType.Float64 : ElementType.Float32;
        var power = node.Emit(new Pow(), node.As(x, common), node.As(exponent, common));
        if (common.IsFloat() && !element.IsFloat())
        {
            // The cast truncates, so 27^2 that comes out a hair below 729 must not become 728.
            var whole = node.Emit(new Round(), power);
            var distance = node.Emit(new Abs(), node.Minus(power, whole));
            power = node.Choose(node.IsLess(distance, node.Times(node.Emit(new Abs(), whole), 1e-6)), whole, power);
        }

        node.SetOutput(0, node.As(power, element));
    }

    private static ElementType Wider(ElementType a, ElementType b) =>
        a == b ? a : a.IsUnsigned() && b.IsUnsigned() ? (a.Bytes() > b.Bytes() ? a : b) : ElementType.Int64;

    private static Value? Small(OnnxNode node, Value x, double exponent)
    {
        var isFloat = x.Type.Element.IsFloat();
        switch (exponent)
        {
            case 2:
                return node.Square(x);
            case 3:
                return node.Times(node.Square(x), x);
            case 4:
                return node.Square(node.Square(x));
            case 0.5 when isFloat:
                return node.Root(x);
            case -0.5 when isFloat:
                return node.Over(1, node.Root(x));
            case -1 when isFloat:
                return node.Over(1, x);
            case -2 when isFloat:
                return node.Over(1, node.Square(x));
            default:
                return null;
        }
    }
}
