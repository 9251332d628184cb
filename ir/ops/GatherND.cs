using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// Slices of input 0 (<c>[B..., D1...Dk, R...]</c>) at the k-tuples in the last axis of input 1 (<c>[B..., I..., k]</c>), giving
/// <c>[B..., I..., R...]</c> with <paramref name="BatchRank"/> axes B. Negative indices count from the end; others outside are a run-time error
/// (ONNX GatherND).
/// </summary>
public sealed record GatherND(int BatchRank) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(2);
        c.ExpectElement(1, t => t.IsInteger(), "a tensor of integers");
        var (data, indices) = (c.Input(0), c.Input(1));
        if (indices.Rank <= BatchRank || !indices.Shape[^1].IsConstant || indices.Shape[^1].Constant > data.Rank - BatchRank)
        {
            throw c.Error($"expects indices [B..., I..., k] with a number k for {data} with {BatchRank} batch axes, found {indices}");
        }

        for (var axis = 0; axis < BatchRank; axis++)
        {
            c.RequireEqual(data.Shape[axis], indices.Shape[axis], $"batch axis {axis}");
        }

        var tuple = (int)indices.Shape[^1].Constant;
        c.Output(data.Element, new Shape([.. indices.Shape.Dims[..^1], .. data.Shape.Dims[(BatchRank + tuple)..]]));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (data, indices, output) = (c.Input(0), c.Input(1), c.NewOutput());
        var tuple = (int)indices.Dims[^1];
        for (var i = 0L; i < output.Count; i++)
        {
            var index = RowMajor.Index(i, output.Dims);
            var at = RowMajor.Position([.. index[..(indices.Rank - 1)], 0], indices.Dims);
            var source = new long[data.Rank];
            index.AsSpan(0, BatchRank).CopyTo(source);
            for (var n = 0; n < tuple; n++)
            {
                source[BatchRank + n] = IndexReader.Normalize(indices.GetLong(at + n), data.Dims[BatchRank + n]);
            }

            index.AsSpan(indices.Rank - 1).CopyTo(source.AsSpan(BatchRank + tuple));
            output.CopyElement(i, data, RowMajor.Position(source, data.Dims));
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var (data, indices) = (c.InputType(0), c.InputType(1));
        var tuple = (int)indices.Shape[^1].Constant;
        var source = new Expr[data.Rank];
        index.AsSpan(0, BatchRank).CopyTo(source);
        for (var n = 0; n < tuple; n++)
        {
            var at = c.Input(1, [.. index[..(indices.Rank - 1)], ExprFactory.Int(n)]);
            source[BatchRank + n] = IndexReader.Normalize(c, at, data.Shape[BatchRank + n]);
        }

        index.AsSpan(indices.Rank - 1).CopyTo(source.AsSpan(BatchRank + tuple));
        return IndexReader.Read(c, source, data.Shape.Dims.AsSpan(BatchRank, tuple));
    }

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () =>
        {
            var (data, indices) = (c.Input(0).Type, c.As(c.Input(1), ElementType.Int64));
            var (shape, rank) = (indices.Type.Shape, indices.Type.Rank);
            if (BatchRank > 0)
            {
                var batch = Enumerable.Range(0, BatchRank)
                    .Select(axis => c.Repeated(c.Positions(shape[axis], axis, rank), shape.With(rank - 1, c.Dims.One)));
                indices = c.Emit(new Concat(rank - 1), [.. batch, indices]);
            }

            var updates = c.As(c.Gradient(), OpWriter.Wide(data.Element));
            return c.Emit(new ScatterND(ScatterReduction.Add), c.Filled(0, updates.Type.Element, data.Shape), indices, updates);
        });
    }
}
