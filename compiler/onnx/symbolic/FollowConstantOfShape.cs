using Dlc.IR;

namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows ONNX ConstantOfShape of a small size that is known.</summary>
internal sealed class FollowConstantOfShape : ISymbolicOperator
{
    public string Type => "ConstantOfShape";

    public bool TryFollow(OnnxNode node)
    {
        if (node.Contents(0) is not { IsConstant: true } shape || shape.ToDims() is not { } sizes)
        {
            return false;
        }

        var value = node.TensorOrNull("value") ?? new Tensor(ElementType.Float32, 1);
        var count = 1L;
        foreach (var size in sizes)
        {
            if (size.Constant is < 0 or > SymbolicTensor.MaximumElements || (count *= size.Constant) > SymbolicTensor.MaximumElements)
            {
                return false;
            }
        }

        if (value.Count != 1 || SymbolicTensor.Of(value.Reshape(), node.Dims) is not { } element)
        {
            return false;
        }

        node.SetOutput(0, element.Pick(sizes.Select(s => (int)s.Constant), Enumerable.Repeat(0, (int)count)));
        return true;
    }
}
