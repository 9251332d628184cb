using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Adds the columns of sliding blocks up into an image: <c>x [N, C*taps, blocks]</c> to <c>[N, C, Image...]</c>, where the blocks are those of a
/// window of <paramref name="Block"/> taps over the padded image, row-major (ONNX Col2Im). One number per image axis in each list. f16 and bf16 sum in f32.
/// </summary>
public sealed record Col2Im(ValueList<Dim> Image, ValueList<Dim> Block, ValueList<long> Strides, ValueList<long> Dilations,
    ValueList<Dim> PadsBegin, ValueList<Dim> PadsEnd) : Op, IIndexFunction
{
    public override bool IsHeavy => true;

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        c.ExpectRank(0, 3);
        c.ExpectElement(0, t => t != ElementType.Bool, "a tensor of numbers");
        var rank = Image.Count;
        if (Block.Count != rank || Strides.Count != rank || Dilations.Count != rank || PadsBegin.Count != rank || PadsEnd.Count != rank)
        {
            throw c.Error($"expects {rank} numbers a list, found {Block}, {Strides}, {Dilations}, {PadsBegin}, {PadsEnd}");
        }

        var x = c.Input(0);
        var taps = c.Dims.Product(Block.Items);
        c.Require(x.Shape[1], Relation.Divisible, taps, "channels times taps");
        c.RequireEqual(x.Shape[2], c.Dims.Product(Enumerable.Range(0, rank).Select(Blocks)), "blocks");
        c.Output(x.Element, [x.Shape[0], x.Shape[1].FloorDiv(taps), .. Image]);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, output) = (c.Input(0), c.NewOutput());
        var blocks = Enumerable.Range(0, Image.Count).Select(axis => c.Dim(Blocks(axis))).ToArray();
        var sums = new double[output.Count];
        long[] block = [.. Block.Select(c.Dim)];
        var taps = RowMajor.Count(block);
        for (var i = 0L; i < x.Count; i++)
        {
            var at = RowMajor.Index(i, x.Dims);
            var (tap, place) = (RowMajor.Index(at[1] % taps, block), RowMajor.Index(at[2], blocks));
            long[] to = [at[0], at[1] / taps,
                .. place.Select((b, axis) => (b * Strides[axis]) + (tap[axis] * Dilations[axis]) - c.Dim(PadsBegin[axis]))];
            if (to[2..].Select((p, axis) => p >= 0 && p < output.Dims[axis + 2]).All(isInside => isInside))
            {
                sums[RowMajor.Position(to, output.Dims)] += x.GetDouble(i);
            }
        }

        for (var i = 0L; i < output.Count; i++)
        {
            output.SetDouble(i, sums[i]);
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var element = c.InputType(0).Element;
        var type = element is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : element;
        var sum = c.Kernel.Declare(ExprFactory.Literal(0, type), "sum");
        Axis(0, index[1], ExprFactory.Int(0), ExprFactory.Bool(true));
        return ExprFactory.Cast(element, ExprFactory.Read(sum));

        // One axis a level: of all taps those count that a block puts on this element.
        void Axis(int axis, Expr row, Expr block, Expr isHit)
        {
            if (axis == Image.Count)
            {
                var value = c.Guarded(isHit, () => c.Input(0, index[0], row, block), ExprFactory.Literal(0, element));
                c.Kernel.Assign(sum, ExprFactory.Read(sum) + ExprFactory.Cast(type, value));
                return;
            }

            c.Kernel.Serial(c.Dim(Block[axis]), tap =>
            {
                var from = index[axis + 2] + c.Dim(PadsBegin[axis]) - (tap * Dilations[axis]);
                var stride = ExprFactory.Int(Strides[axis]);
                var number = ExprFactory.Binary(BinaryOp.FloorDiv, from, stride);
                var blocks = c.Dim(Blocks(axis));
                var hits = ExprFactory.And(ExprFactory.LessOrEqual(ExprFactory.Int(0), from), ExprFactory.Less(number, blocks));
                if (Strides[axis] > 1)
                {
                    hits = ExprFactory.And(hits, ExprFactory.Equal(ExprFactory.Binary(BinaryOp.Mod, from, stride), ExprFactory.Int(0)));
                }

                Axis(axis + 1, (row * c.Dim(Block[axis])) + tap, (block * blocks) + number, ExprFactory.And(isHit, hits));
            });
        }
    }

    /// <summary>The number of blocks along an axis.</summary>
    private Dim Blocks(int axis) =>
        (Image[axis] + PadsBegin[axis] + PadsEnd[axis] - ((Block[axis] - 1) * Dilations[axis]) - 1).FloorDiv(Strides[axis]) + 1;

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () =>
        {
            // Along each axis the elements that block b reads at tap t: b*stride + t*dilation of the padded image.
            var (gradient, rank) = (c.Gradient(), Image.Count);
            gradient = c.Padded(gradient, [c.Dims.Zero, c.Dims.Zero, .. PadsBegin], [c.Dims.Zero, c.Dims.Zero, .. PadsEnd]);
            for (var axis = rank - 1; axis >= 0; axis--)
            {
                var taps = c.Times(c.Positions(Block[axis], 0, 2), Dilations[axis]);
                var blocks = c.Times(c.Positions(Blocks(axis), 1, 2), Strides[axis]);
                gradient = c.Emit(new Gather(axis + 2), gradient, c.Plus(taps, blocks));
            }

            var axes = Enumerable.Range(0, rank).Select(axis => 2 + (2 * axis)).ToArray();
            return c.Shaped(c.Permuted(gradient, [0, 1, .. axes, .. axes.Select(a => a + 1)]), c.Input(0).Type.Shape);
        });
    }
}
