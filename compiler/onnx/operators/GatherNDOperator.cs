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

        var batch = node.Int("batch_dims", 0);
        if (batch < 0 || batch >= Math.Min(indices.Type.Rank, node.InputType(0).Rank))
        {
            throw node.Error($"has {batch} batch axes for {node.InputType(0)} and {indices.Type}");
        }

        node.SetOutput(0, node.Emit(new GatherND((int)batch), node.Input(0), indices));
    }
}
