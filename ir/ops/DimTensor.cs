using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// A small tensor whose elements (row-major) are sizes: where a model reads shape arithmetic as data. Integers wrap to the element type; bool is
/// whether the dim is not 0.
/// </summary>
public sealed record DimTensor(ElementType Element, Shape To, ValueList<Dim> Elements) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(0);
        if (!To.ElementCount(c.Dims).Is(Elements.Count))
        {
            throw c.Error($"expects as many elements as {To} holds, found {Elements.Count}");
        }

        c.Output(Element, To);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var output = c.NewOutput();
        for (var i = 0; i < Elements.Count; i++)
        {
            output.SetLong(i, c.Dim(Elements[i]));
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        if (Elements.Count == 0)
        {
            return ExprFactory.Literal(0, Element);
        }

        // A binary tree of selects: as many as there are elements, but few in a row.
        var position = c.Math.Linearize(index, To);
        var level = Elements.Items.Select(e => c.Dim(e)).ToList();
        for (var width = 1; level.Count > 1; width *= 2)
        {
            var next = new List<Expr>((level.Count + 1) / 2);
            for (var i = 0; i < level.Count; i += 2)
            {
                next.Add(i + 1 == level.Count
                    ? level[i] : ExprFactory.Select(ExprFactory.Less(position, ExprFactory.Int((i + 1) * width)), level[i], level[i + 1]));
            }

            level = next;
        }

        return ExprFactory.Cast(Element, level[0]);
    }
}
