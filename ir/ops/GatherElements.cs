using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// For each integer of input 1 the element of input 0 at the same index but for <paramref name="Axis"/>, where the integer stands. Negative indices
/// count from the end; others outside are a run-time error (ONNX GatherElements).
/// </summary>
public sealed record GatherElements(int Axis) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(2);
        c.ExpectElement(1, t => t.IsInteger(), "a tensor of integers");
        var (data, indices) = (c.Input(0), c.Input(1));
        c.ExpectRank(1, data.Rank);
        if (Axis < 0 || Axis >= data.Rank)
        {
            throw c.Error($"expects an axis of {data}, found {Axis}");
        }

        for (var axis = 0; axis < data.Rank; axis++)
        {
            if (axis != Axis)
            {
                c.Require(indices.Shape[axis], Relation.LessOrEqual, data.Shape[axis], $"axis {axis} of the indices");
            }
        }

        c.Output(data.Element, indices.Shape);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (data, indices, output) = (c.Input(0), c.Input(1), c.NewOutput());
        for (var i = 0L; i < output.Count; i++)
        {
            var index = RowMajor.Index(i, output.Dims);
            index[Axis] = IndexReader.Normalize(indices.GetLong(i), data.Dims[Axis]);
            output.CopyElement(i, data, RowMajor.Position(index, data.Dims));
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var extent = c.InputType(0).Shape[Axis];
        var source = (Expr[])index.Clone();
        source[Axis] = IndexReader.Normalize(c, c.Input(1, index), extent);
        return IndexReader.Read(c, source, extent);
    }

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () =>
        {
            var (data, indices) = (c.Input(0).Type, c.Input(1));
            var (element, extent) = (data.Element, data.Shape[Axis]);
            if (c.AreEqual(indices.Type.Shape, data.Shape.With(Axis, c.Dims.One)))
            {
                // One element a line: compared rather than scattered, so that it is computed where it is read (the gradient of a cross-entropy).
                var index = c.As(indices, ElementType.Int64);
                index = c.Choose(c.IsLess(index, 0), c.Plus(index, c.Number(extent, ElementType.Int64)), index);
                return c.Choose(c.IsEqual(c.Positions(extent, Axis, data.Rank), index), c.Gradient(), 0);
            }

            var updates = c.As(c.Gradient(), OpWriter.Wide(element));
            var empty = c.Filled(0, updates.Type.Element, data.Shape);
            return c.Emit(new ScatterElements(Axis, ScatterReduction.Add), empty, c.As(indices, ElementType.Int64), updates);
        });
    }
}
