using Dlc.IR;

namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows ONNX Range of a small number of integers that is known.</summary>
internal sealed class FollowRange : ISymbolicOperator
{
    public string Type => "Range";

    public bool TryFollow(OnnxNode node)
    {
        if (node.KnownDim(0) is not { } start || node.KnownDim(1) is not { } limit || node.KnownDim(2) is not { IsConstant: true } step
            || step.Is(0) || !node.Facts.Simplify(limit - start).IsConstant)
        {
            return false;
        }

        var room = node.Facts.Simplify(limit - start).Constant;
        var count = Math.Max(0, (room / step.Constant) + (room % step.Constant == 0 ? 0 : 1));
        if (room > 0 != step.Constant > 0)
        {
            count = 0;
        }

        if (count > SymbolicTensor.MaximumElements)
        {
            return false;
        }

        var elements = Enumerable.Range(0, (int)count).Select(i => start + (i * step.Constant));
        node.SetOutput(0, SymbolicTensor.Vector(elements, node.InputType(0).Element));
        return true;
    }
}
