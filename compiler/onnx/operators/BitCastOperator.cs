using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX BitCast (opset 26): the same bits as another element type of the same width.</summary>
internal sealed class BitCastOperator : IOnnxOperator
{
    public string Type => "BitCast";

    public void Import(OnnxNode node) => node.SetOutput(0, node.Emit(new Bitcast(node.Element("to")), node.Input(0)));
}
