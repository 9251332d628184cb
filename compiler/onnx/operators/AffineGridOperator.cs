using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX AffineGrid: from matrices <c>theta [N, r, r+1]</c> and a size <c>[N, C, D1...Dr]</c> the points <c>[N, D1...Dr, r]</c> that
/// <c>theta</c> maps a regular grid over -1 to 1 to; the last axis comes first in a point.
/// </summary>
internal sealed class AffineGridOperator : IOnnxOperator
{
    public string Type => "AffineGrid";

    public void Import(OnnxNode node)
    {
        var theta = node.Input(0);
        var spatial = node.TargetShape(1).Dims.Skip(2).ToArray();
        var rank = spatial.Length;
        if (theta.Type.Rank != 3 || rank is not (2 or 3))
        {
            throw node.Error($"expects matrices [N, r, r+1] and r+2 sizes, found {theta.Type} and {rank + 2}");
        }

        // theta's column k as [N, 1..., 1, r] times coordinate k, which varies along spatial axis r-1-k.
        Value Column(int k)
        {
            var column = node.Squeezed(node.Sliced(theta, 2, node.Dims.Const(k), node.Dims.One), 2);
            return node.Unsqueezed(column, Enumerable.Range(1, rank));
        }

        var sum = Column(rank);
        for (var k = 0; k < rank; k++)
        {
            var axis = rank - 1 - k;
            var coordinate = node.Along(Coordinate(node, spatial[axis], theta.Type.Element), axis + 1, rank + 2);
            sum = node.Plus(node.Times(Column(k), coordinate), sum);
        }

        node.SetOutput(0, sum);
    }

    /// <summary>Centres of pixels on -1..1, or with align_corners from -1 to 1 themselves.</summary>
    private static Value Coordinate(OnnxNode node, Dim extent, ElementType type)
    {
        var i = node.Emit(new Iota(type, [extent], 0));
        var n = node.Number(extent, type);
        return node.Flag("align_corners")
            ? node.Plus(node.Over(node.Times(i, 2), node.Plus(n, -1)), -1)
            : node.Plus(node.Over(node.Plus(node.Times(i, 2), 1), n), -1);
    }
}
