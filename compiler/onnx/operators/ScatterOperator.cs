using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX ScatterElements, its older name Scatter, and ScatterND.</summary>
internal sealed class ScatterOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var (data, indices) = (node.Input(0), node.As(node.Input(1), ElementType.Int64));
        var reduction = node.String("reduction", "none") switch
        {
            "none" => ScatterReduction.None,
            "add" => ScatterReduction.Add,
            "mul" => ScatterReduction.Mul,
            "max" => ScatterReduction.Max,
            "min" => ScatterReduction.Min,
            var other => throw node.Error($"has reduction '{other}'"),
        };
        Op op = type == "ScatterND"
            ? new ScatterND(reduction) : new ScatterElements(node.Axis(node.Int("axis", 0), data.Type.Rank), reduction);
        node.SetOutput(0, node.Emit(op, data, indices, node.Input(2)));
    }
}
