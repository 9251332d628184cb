using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// Reverses the first <c>lengths[b]</c> elements along the time axis, for each b of the batch axis; the rest stays. Inputs: the data and the i64
/// lengths <c>[B]</c>, each from 0 to the extent of the time axis (ONNX ReverseSequence).
/// </summary>
public sealed record ReverseSequence(int TimeAxis, int BatchAxis) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(2);
        c.ExpectElement(1, t => t == ElementType.Int64, "i64 lengths");
        c.ExpectRank(1, 1);
        var data = c.Input(0);
        if (TimeAxis == BatchAxis || TimeAxis < 0 || BatchAxis < 0 || Math.Max(TimeAxis, BatchAxis) >= data.Rank)
        {
            throw c.Error($"expects two axes of {data}, found {TimeAxis} and {BatchAxis}");
        }

        c.RequireEqual(data.Shape[BatchAxis], c.Input(1).Shape[0], "the number of lengths");
        c.Output(data);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (data, lengths, output) = (c.Input(0), c.Input(1), c.NewOutput());
        for (var i = 0L; i < output.Count; i++)
        {
            var index = RowMajor.Index(i, output.Dims);
            var length = lengths.GetLong(index[BatchAxis]);
            if (length < 0 || length > data.Dims[TimeAxis])
            {
                throw EvaluateContext.Error($"the length {length} is outside of a time axis of {data.Dims[TimeAxis]}");
            }

            index[TimeAxis] = index[TimeAxis] < length ? length - 1 - index[TimeAxis] : index[TimeAxis];
            output.CopyElement(i, data, RowMajor.Position(index, data.Dims));
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var extent = c.Dim(c.InputType(0).Shape[TimeAxis]);
        var raw = c.Kernel.Let(c.Input(1, index[BatchAxis]), "length");
        c.Check(ExprFactory.And(ExprFactory.LessOrEqual(ExprFactory.Int(0), raw), ExprFactory.LessOrEqual(raw, extent)),
            "a sequence length lies outside of the time axis");
        var length = ExprFactory.Min(raw, extent);
        var source = (Expr[])index.Clone();
        source[TimeAxis] = ExprFactory.Select(ExprFactory.Less(index[TimeAxis], length), length - 1 - index[TimeAxis], index[TimeAxis]);
        return c.Input(0, source);
    }

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () => c.Emit(this, c.Gradient(), c.Input(1)));
    }
}
