using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Every <c>Steps[a]</c>-th element from <c>Starts[a]</c> on, along each axis: output element <c>i</c> is input element
/// <c>Starts + i * Steps</c>, for an output of shape <paramref name="To"/>. Steps may be negative. Whoever makes it clamps the numbers so that
/// all elements lie inside the input (ONNX Slice, Split).
/// </summary>
public sealed record Slice(ValueList<Dim> Starts, ValueList<Dim> Steps, Shape To) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        var input = c.Input(0);
        if (Starts.Count != input.Rank || Steps.Count != input.Rank || To.Rank != input.Rank)
        {
            throw c.Error($"expects a start, a step and a size for each axis of {input}, found {Starts}, {Steps}, {To}");
        }

        c.Output(input.Element, To);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (input, output) = (c.Input(0), c.NewOutput());
        for (var i = 0L; i < output.Count; i++)
        {
            var index = RowMajor.Index(i, output.Dims);
            for (var axis = 0; axis < index.Length; axis++)
            {
                index[axis] = c.Dim(Starts[axis]) + (index[axis] * c.Dim(Steps[axis]));
                if (index[axis] < 0 || index[axis] >= input.Dims[axis])
                {
                    throw EvaluateContext.Error($"the slice reads element {index[axis]} of an axis of {input.Dims[axis]}");
                }
            }

            output.CopyElement(i, input, RowMajor.Position(index, input.Dims));
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var source = new Expr[index.Length];
        for (var axis = 0; axis < index.Length; axis++)
        {
            source[axis] = c.Dim(Starts[axis]) + (index[axis] * c.Dim(Steps[axis]));
        }

        return c.Input(0, source);
    }

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () =>
        {
            var (gradient, shape, rank) = (c.Gradient(), c.Input(0).Type.Shape, To.Rank);
            var (begins, ends, factors) = (new Dim[rank], new Dim[rank], new long[rank]);
            var reversed = new List<int>();
            for (var axis = 0; axis < rank; axis++)
            {
                var (start, step, size) = (Starts[axis], Steps[axis], To[axis]);
                (begins[axis], ends[axis], factors[axis]) = (c.Dims.Zero, c.Dims.Zero, 1);
                var isPlain = step.IsConstant && Math.Abs(step.Constant) == 1;
                if (start.Is(0) && step.Is(1) && c.AreEqual(size, shape[axis]))
                {
                    continue;
                }

                if (!isPlain && !(step.IsConstant && !step.Is(0) && c.Facts.ProveLessOrEqual(c.Dims.One, size) == Proof.True))
                {
                    // A step or a size that only the run knows.
                    var places = c.Plus(c.Emit(new Mul(), c.Positions(size, 0, 1), c.Number(step, ElementType.Int64)), c.Number(start, ElementType.Int64));
                    gradient = c.Scattered(gradient, axis, places, shape[axis]);
                    continue;
                }

                factors[axis] = Math.Abs(step.Constant);
                if (step.Constant < 0)
                {
                    reversed.Add(axis);
                    start += (size - 1) * step;
                }

                var length = factors[axis] == 1 ? size : ((size - 1) * factors[axis]) + 1;
                (begins[axis], ends[axis]) = (start, shape[axis] - start - length);
            }

            gradient = c.Reversed(gradient, reversed.ToArray());
            gradient = factors.All(f => f == 1) ? gradient : c.Emit(new Dilate([.. factors]), gradient);
            return c.Padded(gradient, begins, ends);
        });
    }
}
