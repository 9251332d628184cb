using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// A copy of <c>data</c> in which, for each tuple of <c>indices [..., q]</c> (i64; it names a slice of data by its first q coordinates),
/// that slice is combined with the tuple's slice of <c>updates [..., data dims from q on]</c>. Negative indices count from the end; one out of
/// range is a run-time error. Updates to one place apply in row-major order. ONNX ScatterND.
/// </summary>
public sealed record ScatterND(ScatterReduction Reduction) : Op, ILoops
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(3);
        var (data, indices, updates) = (c.Input(0), c.Input(1), c.Input(2));
        c.ExpectElement(1, t => t == ElementType.Int64, "i64 indices");
        c.ExpectSameElement(0, 2);

        // The ranks give the length of a tuple, also where the indices leave it open.
        var q = TupleLength(data, indices, updates);
        if (indices.Rank < 1 || q < 0 || q > data.Rank)
        {
            throw c.Error($"expects data, index tuples and updates that fit, found {data}, {indices}, {updates}");
        }

        c.RequireEqual(indices.Shape[^1], c.Dims.Const(q), "the length of an index tuple");
        Dim[] expected = [.. indices.Shape.Dims[..^1], .. data.Shape.Dims[q..]];
        for (var axis = 0; axis < expected.Length; axis++)
        {
            c.RequireEqual(updates.Shape[axis], expected[axis], "dims of the updates");
        }

        c.Output(data);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (data, indices, updates, output) = (c.Input(0), c.Input(1), c.Input(2), c.NewOutput());
        data.Bytes.CopyTo(output.Writable<byte>());
        var q = (int)indices.Dims[^1];
        var slice = RowMajor.Count(data.Dims.AsSpan(q));
        for (var tuple = 0L; tuple < RowMajor.Count(indices.Dims.AsSpan(0, indices.Rank - 1)); tuple++)
        {
            var place = 0L;
            for (var axis = 0; axis < q; axis++)
            {
                var (index, extent) = (indices.GetLong((tuple * q) + axis), data.Dims[axis]);
                if (index < -extent || index >= extent)
                {
                    throw EvaluateContext.Error($"a scatter index {index} is outside of {extent}");
                }

                place = (place * extent) + (index < 0 ? index + extent : index);
            }

            for (var i = 0L; i < slice; i++)
            {
                Reduction.Apply(output, (place * slice) + i, updates, (tuple * slice) + i);
            }
        }
    }

    public void Lower(LoopContext c)
    {
        LineLoops.Copy(c, "scatter_copy", 0, 0);
        var (data, indices) = (c.InputType(0).Shape, c.InputType(1).Shape);
        var q = TupleLength(c.InputType(0), c.InputType(1), c.InputType(2));
        var tuples = c.Dims.Product(indices.Dims[..^1]);
        var slice = c.Dims.Product(data.Dims[q..]);
        if (c.Machine.Gpu is not null)
        {
            var few = GpuScatter.AreFew(tuples);
            var scatter = new GpuScatter(c, Reduction, tuples, c.Dims.Product(data.Dims[..q]), slice);
            scatter.InOrder("scatter_nd", Row, few);
            scatter.Sorted("scatter_nd", Row, 1 - few);
            return;
        }

        var k = c.NewKernel("scatter_nd");
        var (from, updates, y) = (c.Input(k, 1), c.Input(k, 2), c.Output(k, 0));

        // Any two tuples may name one slice, so they run in order; the elements of a slice are independent.
        LineLoops.ForEachBlock(k, slice, forEach => k.Serial(ExprFactory.Dim(tuples), tuple =>
        {
            var (row, isValid) = Row(k, from, tuple);
            var place = k.Let(row * ExprFactory.Dim(slice));
            k.If(isValid, () => forEach(i => k.Store(y, place + i,
                Reduction.Combine(ExprFactory.Load(y, place + i), ExprFactory.Load(updates, (tuple * ExprFactory.Dim(slice)) + i)))));
        }));
        c.Launch(k, tuples * slice.Min(1024));

        (Expr Row, Expr IsValid) Row(KernelBuilder k, KernelBuffer from, Expr tuple)
        {
            Expr row = ExprFactory.Int(0);
            var isValid = ExprFactory.Bool(true);
            for (var axis = 0; axis < q; axis++)
            {
                var index = k.Let(ExprFactory.Load(from, (tuple * q) + axis));
                var (safe, isInside) = SafeIndex.Of(k, index, data[axis], "an index of ScatterND is out of range");
                row = (row * ExprFactory.Dim(data[axis])) + safe;
                isValid = ExprFactory.And(isValid, isInside);
            }

            return (row, isValid);
        }
    }

    private static int TupleLength(TensorType data, TensorType indices, TensorType updates) => indices.Rank - 1 + data.Rank - updates.Rank;

    /// <summary>Where updates overwrite one place, each has the whole derivative: of a scatter without reduction only one may.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
        ScatterReductions.Differentiate(c, Reduction, this, new GatherND(0));
    }
}
