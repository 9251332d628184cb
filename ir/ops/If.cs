using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Runs one of two regions (then, else) by a bool scalar; the regions have no inputs and read values around them (ONNX If).
/// <paramref name="Shapes"/> gives the result shapes: an axis on which the branches agree has their dim, any other a symbol that this node binds.
/// </summary>
public sealed record If(ValueList<Shape> Shapes) : Op
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        c.ExpectElement(0, t => t == ElementType.Bool, "a bool scalar");
        if (c.Regions.Length != 2 || c.Regions.Any(r => r.Inputs.Length != 0 || r.Outputs.Length != Shapes.Count))
        {
            throw c.Error($"expects two regions without inputs and with {Shapes.Count} outputs each");
        }

        for (var i = 0; i < Shapes.Count; i++)
        {
            var (then, otherwise) = (c.Regions[0].Outputs[i].Type, c.Regions[1].Outputs[i].Type);
            if (then.Element != otherwise.Element || then.Rank != otherwise.Rank || then.Rank != Shapes[i].Rank)
            {
                throw c.Error($"branches should give tensors of one type, found {then} and {otherwise} for output {i}");
            }

            for (var axis = 0; axis < then.Rank; axis++)
            {
                var agrees = c.Facts.ProveEqual(Shapes[i][axis], then.Shape[axis]) == Proof.True
                    && c.Facts.ProveEqual(Shapes[i][axis], otherwise.Shape[axis]) == Proof.True;
                if (!agrees && !Shapes[i][axis].IsSymbol)
                {
                    throw c.Error($"output {i} is {then} or {otherwise}, not {Shapes[i]}");
                }
            }

            c.Output(then.Element, Shapes[i]);
        }
    }

    public override void Evaluate(EvaluateContext c)
    {
        var results = c.RunRegion(c.Regions[c.Input(0).GetLong(0) != 0 ? 0 : 1], []);
        foreach (var (symbol, output, axis) in BoundAxes(c.Regions))
        {
            c.Bound.Add((symbol, results[output].Dims[axis]));
        }

        for (var i = 0; i < results.Count; i++)
        {
            c.SetOutput(i, results[i]);
        }
    }

    /// <summary>The symbols that the node binds, with what each branch gives them.</summary>
    public IEnumerable<(Dim Symbol, Dim Then, Dim Else)> BoundDims(Node node) => BoundAxes(node.Regions).Select(bound =>
        (bound.Symbol, node.Regions[0].Outputs[bound.Output].Type.Shape[bound.Axis], node.Regions[1].Outputs[bound.Output].Type.Shape[bound.Axis]));

    private IEnumerable<(Dim Symbol, int Output, int Axis)> BoundAxes(IReadOnlyList<Graph> regions)
    {
        var seen = new HashSet<Dim>();
        for (var i = 0; i < Shapes.Count; i++)
        {
            var (then, otherwise) = (regions[0].Outputs[i].Type.Shape, regions[1].Outputs[i].Type.Shape);
            for (var axis = 0; axis < then.Rank; axis++)
            {
                var dim = Shapes[i][axis];
                if (dim.IsSymbol && (!ReferenceEquals(dim, then[axis]) || !ReferenceEquals(dim, otherwise[axis])) && seen.Add(dim))
                {
                    yield return (dim, i, axis);
                }
            }
        }
    }
}
