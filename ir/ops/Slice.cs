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
}
