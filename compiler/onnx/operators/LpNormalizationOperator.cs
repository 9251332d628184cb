using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX LpNormalization along an axis: <c>x / (sum |x|^p)^(1/p)</c> with p 1 or 2, and 0 where the norm is.</summary>
internal sealed class LpNormalizationOperator : IOnnxOperator
{
    public string Type => "LpNormalization";

    public void Import(OnnxNode node)
    {
        var input = node.Input(0);
        var axis = node.Axis(node.Int("axis", -1), input.Type.Rank);
        var p = node.Int("p", 2);
        node.SetOutput(0, node.InWide(input, x =>
        {
            var norm = p switch
            {
                1 => node.Sum(node.Emit(new Abs(), x), axis),
                2 => node.Root(node.Sum(node.Square(x), axis)),
                _ => throw node.Error($"expects p 1 or 2, found {p}"),
            };
            return node.Over(x, node.Choose(node.IsEqual(norm, 0), 1, norm));
        }));
    }
}
