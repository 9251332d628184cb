using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// A copy of <c>data</c> in which, for each position p of <c>indices</c> (i64, of data's rank), the element at p with its coordinate on
/// <paramref name="Axis"/> replaced by the index is combined with <c>updates[p]</c>. Negative indices count from the end; one out of range is a
/// run-time error. Updates to one place apply in row-major order. ONNX ScatterElements.
/// </summary>
public sealed record ScatterElements(int Axis, ScatterReduction Reduction) : Op, ILoops
{
    private const string OutOfRange = "an index of ScatterElements is out of range";

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(3);
        var (data, indices, updates) = (c.Input(0), c.Input(1), c.Input(2));
        c.ExpectElement(1, t => t == ElementType.Int64, "i64 indices");
        c.ExpectSameElement(0, 2);
        if (Axis < 0 || Axis >= data.Rank || indices.Rank != data.Rank || updates.Rank != data.Rank)
        {
            throw c.Error($"expects tensors of one rank and an axis of theirs, found {data}, {indices}, {updates} and {Axis}");
        }

        for (var axis = 0; axis < data.Rank; axis++)
        {
            c.RequireEqual(indices.Shape[axis], updates.Shape[axis], "dims of indices and updates");
            if (axis != Axis)
            {
                c.Require(indices.Shape[axis], Relation.LessOrEqual, data.Shape[axis], "a dim of the indices");
            }
        }

        c.Output(data);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (data, indices, updates, output) = (c.Input(0), c.Input(1), c.Input(2), c.NewOutput());
        data.Bytes.CopyTo(output.Writable<byte>());
        for (var i = 0L; i < indices.Count; i++)
        {
            var at = RowMajor.Index(i, indices.Dims);
            var index = indices.GetLong(i);
            var extent = data.Dims[Axis];
            if (index < -extent || index >= extent)
            {
                throw EvaluateContext.Error($"a scatter index {index} is outside of {extent}");
            }

            at[Axis] = index < 0 ? index + extent : index;
            Reduction.Apply(output, RowMajor.Position(at, data.Dims), updates, i);
        }
    }

    public void Lower(LoopContext c)
    {
        LineLoops.Copy(c, "scatter_copy", 0, 0);
        var (data, indices) = (c.InputType(0).Shape, c.InputType(1).Shape);
        var (outer, extent, inner) = LineLoops.Split(indices, Axis, c.Dims);
        var (_, target, targetInner) = LineLoops.Split(data, Axis, c.Dims);
        var perLine = c.Dims.One;
        if (c.Machine.Gpu is not null)
        {
            // A thread a line where there are many, or short ones, or where sorting, whose work grows with the square of what there is, would take longer.
            const long manyLines = 1024;
            const long dearToSort = 1 << 25;
            var lines = outer * inner;
            perLine = lines.FloorDiv(manyLines).Max((lines * lines * extent).FloorDiv(dearToSort)).Min(1).Max(GpuScatter.AreFew(extent));
            new GpuScatter(c, Reduction, indices.ElementCount(c.Dims), data.ElementCount(c.Dims), c.Dims.One).Sorted("scatter_elements", (k, from, update) =>
            {
                var place = c.Math.Delinearize(update, indices);
                var (safe, isValid) = SafeIndex.Of(k, k.Let(ExprFactory.Load(from, update)), target, OutOfRange);
                place[Axis] = safe;
                return (k.Let(c.Math.Linearize(place, data)), isValid);
            }, 1 - perLine);
            if (perLine.Is(0))
            {
                return;
            }
        }

        var k = c.NewKernel("scatter_elements");
        var (from, updates, y) = (c.Input(k, 1), c.Input(k, 2), c.Output(k, 0));

        // Two updates meet only on one line along the axis, so lines are independent and each runs in order.
        LineLoops.ForEachLine(c, k, outer * perLine, inner, (o, n) =>
        {
            var before = c.Math.Delinearize(o, new Shape(indices.Dims[..Axis]));
            var after = c.Math.Delinearize(n, new Shape(indices.Dims[(Axis + 1)..]));
            var start = k.Let((c.Math.Linearize(before, new Shape(data.Dims[..Axis])) * ExprFactory.Dim(target * targetInner))
                + c.Math.Linearize(after, new Shape(data.Dims[(Axis + 1)..])));
            k.Serial(ExprFactory.Dim(extent), i =>
            {
                var at = (((o * ExprFactory.Dim(extent)) + i) * ExprFactory.Dim(inner)) + n;
                var index = k.Let(ExprFactory.Load(from, at));
                var (safe, isValid) = SafeIndex.Of(k, index, target, OutOfRange);
                var place = k.Let(start + (safe * ExprFactory.Dim(targetInner)));
                k.If(isValid, () => k.Store(y, place, Reduction.Combine(ExprFactory.Load(y, place), ExprFactory.Load(updates, at))));
            });
        });
        c.Launch(k, extent * 4);
    }

    /// <summary>Where updates overwrite one place, each has the whole derivative: of a scatter without reduction only one may.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
        ScatterReductions.Differentiate(c, Reduction, this, new GatherElements(Axis));
    }
}
