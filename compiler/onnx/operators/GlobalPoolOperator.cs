using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX GlobalAveragePool, GlobalMaxPool and GlobalLpPool: reductions of <c>[N, C, spatial...]</c> over the spatial axes, which stay as 1.</summary>
internal sealed class GlobalPoolOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var axes = Enumerable.Range(2, Math.Max(0, x.Type.Rank - 2));
        node.SetOutput(0, type switch
        {
            "GlobalAveragePool" => node.InWide(x, wide => node.Mean(wide, axes)),
            "GlobalMaxPool" => node.Reduced(ReduceKind.Max, x, axes),
            "GlobalLpPool" => node.InWide(x, wide => Norm(node, wide, axes)),
            _ => throw new InvalidOperationException($"no operator {type}"),
        });
    }

    private static Value Norm(OnnxNode node, Value x, IEnumerable<int> axes)
    {
        double p = node.Opset == 1 ? node.Float("p", 2) : node.Int("p", 2);
        Value Power(Value v, double exponent) => node.Emit(new Pow(), v, node.Scalar(v.Type.Element, exponent));
        return p == 1 ? node.Sum(node.Emit(new Abs(), x), axes)
            : p == 2 ? node.Root(node.Sum(node.Square(x), axes))
            : Power(node.Sum(Power(node.Emit(new Abs(), x), p), axes), 1 / p);
    }
}
