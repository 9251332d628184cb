using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX MelWeightMatrix: triangular filters <c>[dft_length/2 + 1, bands]</c>.</summary>
internal sealed class MelWeightMatrixOperator : IOnnxOperator
{
    public string Type => "MelWeightMatrix";

    public void Import(OnnxNode node)
    {
        var (bands, length) = (node.Size(0), node.Size(1));
        var type = node.Element("output_datatype", ElementType.Float32);
        var element = type == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;
        Value Number(int input) => node.As(node.Shaped(node.Input(input), []), ElementType.Float64);
        var weights = node.Emit(new MelWeights(length.FloorDiv(2) + 1, bands, element), node.Number(length, ElementType.Float64), Number(2),
            Number(3), Number(4));
        node.SetOutput(0, node.As(weights, type));
    }
}
