using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX CumSum and CumProd along the axis that input 1 names.</summary>
internal sealed class CumulateOperator(string type, ReduceKind kind) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var axis = RuntimeAxis.OfInput(node, 1, x.Type.Shape, x.Type.Rank);
        node.SetOutput(0, axis.Close(node.Emit(new Cumulate(kind, 1, node.Flag("exclusive"), node.Flag("reverse")), axis.Open(x))));
    }
}
