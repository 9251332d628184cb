using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX GatherND.</summary>
internal sealed class GatherNDOperator : IOnnxOperator
{
    public string Type => "GatherND";

    public void Import(OnnxNode node)
    {
        var indices = node.Input(1);
        var tuple = node.Facts.Simplify(indices.Type.Shape.Dims.LastOrDefault() ?? throw node.Error("expects indices of rank 1 or more"));
        if (!tuple.IsConstant)
        {
            throw node.Unsupported($"index tuples of {tuple} numbers, where the count decides a rank");
        }

        node.SetOutput(0, node.Emit(new GatherND((int)node.Int("batch_dims", 0)), node.Input(0), indices));
    }
}
