using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ArrayFeatureExtractor of ai.onnx.ml: the elements of the last axis at given indices; a vector gives one row.</summary>
internal sealed class ArrayFeatureExtractorOperator : IOnnxOperator
{
    public string Domain => "ai.onnx.ml";

    public string Type => "ArrayFeatureExtractor";

    public void Import(OnnxNode node)
    {
        var (x, indices) = (node.Input(0), node.Input(1));
        var flat = node.Shaped(indices, [indices.Type.Shape.ElementCount(node.Dims)]);
        var y = node.Emit(new Gather(x.Type.Rank - 1), x, flat);
        node.SetOutput(0, x.Type.Rank == 1 ? node.Unsqueezed(y, 0) : y);
    }
}
