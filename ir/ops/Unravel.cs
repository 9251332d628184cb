using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// The coordinates of row-major positions in a shape: i64 <c>[n]</c> to i64 <c>[rank of In, n]</c>. Positions are in range. The second half of ONNX
/// NonZero.
/// </summary>
public sealed record Unravel(Shape In) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        c.ExpectRank(0, 1);
        c.ExpectElement(0, t => t == ElementType.Int64, "i64 positions");
        c.Output(ElementType.Int64, [c.Dims.Const(In.Rank), c.Input(0).Shape[0]]);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (positions, output, dims) = (c.Input(0), c.NewOutput(), c.Dim(In));
        for (var i = 0L; i < positions.Count; i++)
        {
            var at = RowMajor.Index(positions.GetLong(i), dims);
            for (var axis = 0; axis < at.Length; axis++)
            {
                output.SetLong((axis * positions.Count) + i, at[axis]);
            }
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var position = c.Input(0, index[1]);
        Expr value = ExprFactory.Int(0);
        var strides = In.Strides(In.Rank == 0 ? c.OutputType.Shape[0].Context : In[0].Context);
        for (var axis = 0; axis < In.Rank; axis++)
        {
            var coordinate = ExprFactory.Binary(BinaryOp.FloorDiv, position, c.Dim(strides[axis]));
            if (axis > 0)
            {
                coordinate = ExprFactory.Binary(BinaryOp.Mod, coordinate, c.Dim(In[axis]));
            }

            value = ExprFactory.Select(ExprFactory.Equal(index[0], ExprFactory.Int(axis)), coordinate, value);
        }

        return value;
    }
}
