using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// A cache of which, for each batch (axis 0), the positions from <c>start[batch]</c> on along <paramref name="Axis"/> are replaced by the
/// update: inputs <c>cache [B, ..., S, ...]</c>, <c>update [B, ..., L, ...]</c> and <c>start [B]</c> (i64). With <paramref name="IsCircular"/>
/// positions wrap around at S; else they must fit. ONNX TensorScatter.
/// </summary>
public sealed record TensorScatter(int Axis, bool IsCircular) : Op, IIndexFunction
{
    private const string Message = "TensorScatter writes outside of its cache";

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(3);
        var (cache, update, start) = (c.Input(0), c.Input(1), c.Input(2));
        c.ExpectSameElement(0, 1);
        c.ExpectElement(2, t => t == ElementType.Int64, "i64 positions");
        c.ExpectRank(2, 1);
        if (Axis < 1 || Axis >= cache.Rank || update.Rank != cache.Rank)
        {
            throw c.Error($"expects an axis after the batch and tensors of one rank, found {cache}, {update} and {Axis}");
        }

        for (var axis = 0; axis < cache.Rank; axis++)
        {
            if (axis != Axis)
            {
                c.RequireEqual(cache.Shape[axis], update.Shape[axis], "dims of cache and update");
            }
        }

        c.RequireEqual(start.Shape[0], cache.Shape[0], "batch");
        c.Require(update.Shape[Axis], Relation.LessOrEqual, cache.Shape[Axis], "the length of the update");
        c.Output(cache);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (cache, update, start, output) = (c.Input(0), c.Input(1), c.Input(2), c.NewOutput());
        cache.Bytes.CopyTo(output.Writable<byte>());
        for (var i = 0L; i < update.Count; i++)
        {
            var at = RowMajor.Index(i, update.Dims);
            var position = start.GetLong(at[0]) + at[Axis];
            if (start.GetLong(at[0]) < 0 || (!IsCircular && position >= cache.Dims[Axis]))
            {
                throw EvaluateContext.Error(Message);
            }

            at[Axis] = position % cache.Dims[Axis];
            output.CopyElement(RowMajor.Position(at, cache.Dims), update, i);
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var (size, length) = (c.Dim(c.OutputType.Shape[Axis]), c.Dim(c.InputType(1).Shape[Axis]));
        var start = c.Input(2, index[0]);
        var (zero, from) = (ExprFactory.Int(0), index[Axis] - start);
        c.Check(IsCircular ? ExprFactory.LessOrEqual(zero, start)
            : ExprFactory.And(ExprFactory.LessOrEqual(zero, start), ExprFactory.LessOrEqual(start + length, size)), Message);
        if (IsCircular)
        {
            from = ExprFactory.Binary(BinaryOp.Mod, from, size);
        }

        var source = index.ToArray();
        source[Axis] = from;
        var isUpdate = ExprFactory.And(ExprFactory.LessOrEqual(zero, from), ExprFactory.Less(from, length));
        var element = c.OutputType.Element;
        return ExprFactory.Select(isUpdate, c.Guarded(isUpdate, () => c.Input(1, source), ExprFactory.Literal(0, element)),
            c.Input(0, index));
    }

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () => c.Emit(this, c.Gradient(), c.Zeros(c.Input(1).Type), c.Input(2)));
        c.Give(1, () =>
        {
            var (update, rank) = (c.Input(1).Type.Shape, c.Input(1).Type.Rank);
            var start = c.Shaped(c.Input(2), new Shape([update[0], .. Enumerable.Repeat(c.Dims.One, rank - 1)]));
            var index = c.Plus(start, c.Positions(update[Axis], Axis, rank));
            if (IsCircular)
            {
                index = c.Emit(new Mod(), index, c.Number(c.Output().Type.Shape[Axis], ElementType.Int64));
            }

            return c.Emit(new GatherElements(Axis), c.Gradient(), c.Repeated(index, update));
        });
    }
}
