using Dlc.IR;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX DepthToSpace and SpaceToDepth on <c>[N, C, H, W]</c>: blocks of channels become blocks of pixels, or back.</summary>
internal sealed class DepthToSpaceOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var size = node.Int("blocksize");
        if (x.Type.Rank != 4 || size < 1)
        {
            throw node.Error($"expects [N, C, H, W] and a positive block size, found {x.Type} and {size}");
        }

        var block = node.Dims.Const(size);
        var (n, c, h, w) = (x.Type.Shape[0], x.Type.Shape[1], x.Type.Shape[2], x.Type.Shape[3]);
        Dim Part(Dim dim, long divisor)
        {
            node.Require(dim, Relation.Divisible, node.Dims.Const(divisor), "the blocks should come out even");
            return dim.FloorDiv(divisor);
        }

        if (type == "SpaceToDepth")
        {
            var (rows, columns) = (Part(h, size), Part(w, size));
            var pixels = node.Permuted(node.Shaped(x, [n, c, rows, block, columns, block]), 0, 3, 5, 1, 2, 4);
            node.SetOutput(0, node.Shaped(pixels, [n, c * size * size, rows, columns]));
            return;
        }

        var depth = Part(c, checked(size * size));
        var blocks = node.String("mode", "DCR") switch
        {
            "DCR" => node.Permuted(node.Shaped(x, [n, block, block, depth, h, w]), 0, 3, 4, 1, 5, 2),
            "CRD" => node.Permuted(node.Shaped(x, [n, depth, block, block, h, w]), 0, 1, 4, 2, 5, 3),
            var other => throw node.Error($"expects mode DCR or CRD, found '{other}'"),
        };
        node.SetOutput(0, node.Shaped(blocks, [n, depth, h * size, w * size]));
    }
}
