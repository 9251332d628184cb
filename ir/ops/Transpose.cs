using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Reorders axes: output axis <c>i</c> is input axis <c>Permutation[i]</c> (ONNX Transpose).</summary>
public sealed record Transpose(ValueList<int> Permutation) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        var input = c.Input(0);
        if (!Permutation.Order().SequenceEqual(Enumerable.Range(0, input.Rank)))
        {
            throw c.Error($"expects a permutation of the {input.Rank} axes of {input}, found {Permutation}");
        }

        c.Output(input.Element, new Shape([.. Permutation.Select(axis => input.Shape[axis])]));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (input, output) = (c.Input(0), c.NewOutput());
        var strides = new long[input.Rank];
        var stride = 1L;
        for (var axis = input.Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= input.Dims[axis];
        }

        for (var i = 0L; i < output.Count; i++)
        {
            var (rest, offset) = (i, 0L);
            for (var axis = output.Rank - 1; axis >= 0; axis--)
            {
                offset += rest % output.Dims[axis] * strides[Permutation[axis]];
                rest /= output.Dims[axis];
            }

            output.CopyElement(i, input, offset);
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var source = new Expr[index.Length];
        for (var axis = 0; axis < index.Length; axis++)
        {
            source[Permutation[axis]] = index[axis];
        }

        return c.Input(0, source);
    }

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () => c.Permuted(c.Gradient(), Enumerable.Range(0, Permutation.Count).OrderBy(axis => Permutation[axis])));
    }
}
