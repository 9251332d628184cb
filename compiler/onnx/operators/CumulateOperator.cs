using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX CumSum and CumProd along the axis that input 1 names.</summary>
internal sealed class CumulateOperator(string type, ReduceKind kind) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var axis = node.Axis(node.ConstantLongs(1)[0], x.Type.Rank);
        node.SetOutput(0, node.Emit(new Cumulate(kind, axis, node.Flag("exclusive"), node.Flag("reverse")), x));
    }
}
