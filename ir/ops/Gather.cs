using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// Slices of input 0 along <paramref name="Axis"/> at the integers of input 1 (any shape, which replaces the axis). Negative indices count from
/// the end; others outside are a run-time error (ONNX Gather).
/// </summary>
public sealed record Gather(int Axis) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(2);
        c.ExpectElement(1, t => t.IsInteger(), "a tensor of integers");
        var (data, indices) = (c.Input(0), c.Input(1));
        if (Axis < 0 || Axis >= data.Rank)
        {
            throw c.Error($"expects an axis of {data}, found {Axis}");
        }

        c.Output(data.Element, new Shape([.. data.Shape.Dims[..Axis], .. indices.Shape.Dims, .. data.Shape.Dims[(Axis + 1)..]]));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (data, indices, output) = (c.Input(0), c.Input(1), c.NewOutput());
        for (var i = 0L; i < output.Count; i++)
        {
            var index = RowMajor.Index(i, output.Dims);
            var at = indices.GetLong(RowMajor.Position(index.AsSpan(Axis, indices.Rank), indices.Dims));
            long[] source = [.. index[..Axis], IndexReader.Normalize(at, data.Dims[Axis]), .. index[(Axis + indices.Rank)..]];
            output.CopyElement(i, data, RowMajor.Position(source, data.Dims));
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var (data, rank) = (c.InputType(0), c.InputType(1).Rank);
        var at = IndexReader.Normalize(c, c.Input(1, index[Axis..(Axis + rank)]), data.Shape[Axis]);
        return IndexReader.Read(c, [.. index[..Axis], at, .. index[(Axis + rank)..]], data.Shape[Axis]);
    }

    public override void Differentiate(DifferentiateContext c)
    {
        var extent = c.Input(0).Type.Shape[Axis];
        c.Give(0, () => c.Scattered(c.Gradient(), Axis, c.Input(1), extent));
    }
}
