using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Gelu: <c>x/2 * (1 + erf(x / sqrt(2)))</c>, or its approximation by tanh.</summary>
internal sealed class GeluOperator : ActivationOperator
{
    public override string Type => "Gelu";

    protected override bool IsWide => true;

    protected override Value Apply(OnnxNode node, Value x)
    {
        var approximate = node.String("approximate", "none");
        if (approximate == "none")
        {
            var erf = node.Emit(new Erf(), node.Times(x, Math.Sqrt(0.5)));
            return node.Times(node.Times(x, 0.5), node.Plus(erf, 1));
        }
    
        if (approximate != "tanh")
        {
            throw node.Error($"expects approximate none or tanh, found '{approximate}'");
        }
    
        // sqrt(2/pi) * (x + 0.044715 x^3)
        var inner = node.Times(node.Times(x, node.Plus(node.Times(node.Square(x), 0.044715), 1)), Math.Sqrt(2 / Math.PI));
        return node.Times(node.Times(x, 0.5), node.Plus(node.Emit(new Tanh(), inner), 1));
    }
}
