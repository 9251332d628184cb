using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX BitShift.</summary>
internal sealed class BitShiftOperator : IOnnxOperator
{
    public string Type => "BitShift";

    public void Import(OnnxNode node)
    {
        var (a, b) = (node.Input(0), node.Input(1));
        node.SetOutput(0, node.String("direction") switch
        {
            "LEFT" => node.Emit(new ShiftLeft(), a, b),
            "RIGHT" => node.Emit(new ShiftRight(), a, b),
            var other => throw node.Error($"expects direction LEFT or RIGHT, found '{other}'"),
        });
    }
}
