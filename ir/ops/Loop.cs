using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Repeats a region (ONNX Loop; Scan is imported as one). Inputs: the initial values of the carried tensors. The region takes the iteration number (i64 scalar)
/// and the carried tensors, and gives the next carried tensors and one slice for each scanned output. Results: the last carried tensors, then the scanned
/// outputs, slices stacked along a new leading axis of <paramref name="Trips"/>. A loop that is not counted has two more inputs at the end, the greatest number
/// of iterations (i64 scalar) and whether to start (bool scalar), and its region one more output at the end, whether to go on (bool scalar).
/// </summary>
/// <param name="Carried">How many tensors are carried.</param>
/// <param name="Trips">How many iterations run: of a counted loop a dim known before it, otherwise a symbol that the node binds.</param>
/// <param name="Shapes">
/// Result shapes of the carried tensors: on an axis whose dim changes from one iteration to the next (the region's input has a symbol of its own there)
/// a symbol that the node binds, otherwise the initial dim. Then those of the scanned slices, in which a symbol that the node binds stands for a dim
/// that only the region knows; all iterations must leave the same.
/// </param>
/// <param name="IsCounted">Whether it runs so often whatever its iterations find: no condition is asked, and all sizes may be known before it.</param>
public sealed record Loop(int Carried, Dim Trips, ValueList<Shape> Shapes, bool IsCounted) : Op
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(Carried + (IsCounted ? 0 : 2));
        var outputs = Shapes.Count + (IsCounted ? 0 : 1);
        if (c.Regions.Length != 1 || c.Regions[0].Inputs.Length != 1 + Carried || c.Regions[0].Outputs.Length != outputs || Shapes.Count < Carried)
        {
            throw c.Error($"expects a region with {1 + Carried} inputs and {outputs} outputs");
        }

        if (!IsCounted)
        {
            c.ExpectRank(Carried, 0);
            c.ExpectRank(Carried + 1, 0);
            c.ExpectElement(Carried, t => t == ElementType.Int64, "an i64 scalar");
            c.ExpectElement(Carried + 1, t => t == ElementType.Bool, "a bool scalar");
            if (!Trips.IsSymbol)
            {
                throw c.Error($"expects a symbol for the number of its iterations, found {Trips}");
            }
        }

        var body = c.Regions[0];
        for (var i = 0; i < Carried; i++)
        {
            var (first, inside, next) = (c.Input(i), body.Inputs[1 + i].Type, body.Outputs[i].Type);
            if (first.Element != inside.Element || first.Element != next.Element || first.Rank != inside.Rank || first.Rank != next.Rank)
            {
                throw c.Error($"carried tensor {i} should keep its type, found {first}, then {next}");
            }

            c.Output(first.Element, Shapes[i]);
        }

        for (var i = Carried; i < Shapes.Count; i++)
        {
            var slice = body.Outputs[i].Type;
            if (slice.Rank != Shapes[i].Rank)
            {
                throw c.Error($"scans {slice}, not {Shapes[i]}");
            }

            c.Output(slice.Element, new Shape([Trips, .. Shapes[i].Dims]));
        }
    }

    public override void Evaluate(EvaluateContext c)
    {
        var body = c.Regions[0];
        var carried = Enumerable.Range(0, Carried).Select(c.Input).ToList();
        var scanned = Shapes.Skip(Carried).Select(_ => new List<Tensor>()).ToList();
        var (limit, isGoing) = IsCounted ? (c.Dim(Trips), true) : (c.Input(Carried).GetLong(0), c.Input(Carried + 1).GetLong(0) != 0);
        var trip = 0L;
        for (; trip < limit && isGoing; trip++)
        {
            for (var i = 0; i < Carried; i++)
            {
                BindDims(c, body.Inputs[1 + i].Type.Shape, carried[i].Dims);
            }

            var results = c.RunRegion(body, [Tensor.Scalar(trip), .. carried]);
            isGoing = IsCounted || results[^1].GetLong(0) != 0;
            carried = [.. results.Take(Carried)];
            for (var i = 0; i < scanned.Count; i++)
            {
                scanned[i].Add(results[Carried + i]);
            }
        }

        if (!IsCounted)
        {
            c.BindNow(Trips, trip);
        }

        for (var i = 0; i < Carried; i++)
        {
            BindDims(c, Shapes[i], carried[i].Dims);
            c.SetOutput(i, carried[i]);
        }

        for (var i = 0; i < scanned.Count; i++)
        {
            c.SetOutput(Carried + i, Stack(c, body.Outputs[Carried + i].Type.Element, Shapes[Carried + i], scanned[i]));
        }
    }

    private static void BindDims(EvaluateContext c, Shape shape, long[] dims)
    {
        for (var axis = 0; axis < dims.Length; axis++)
        {
            if (shape[axis].IsSymbol)
            {
                c.BindNow(shape[axis], dims[axis]);
            }
        }
    }

    /// <summary>Slices along a new leading axis. Sizes that only an iteration would have known are 0 after none.</summary>
    private static Tensor Stack(EvaluateContext c, ElementType element, Shape slice, List<Tensor> slices)
    {
        var dims = slices.Count > 0 ? slices[0].Dims : [.. slice.Dims.Select(dim => dim.IsSymbol && !c.IsBound(dim) ? 0 : c.Dim(dim))];
        if (slices.Any(s => !s.Dims.AsSpan().SequenceEqual(dims)))
        {
            throw EvaluateContext.Error("the slices of a scanned output differ in their dims");
        }

        BindDims(c, slice, dims);
        return new Tensor(element, [slices.Count, .. dims], slices.SelectMany(s => s.Bytes.ToArray()).ToArray());
    }

    /// <summary>
    /// The dims of carried tensors that may change: the region's symbol, its first value, its value after an iteration (in dims of the region's
    /// outputs) and the symbol of the last value.
    /// </summary>
    public IEnumerable<(Dim Symbol, Dim First, Dim Next, Dim Last)> ChangingDims(Node node)
    {
        var body = node.Regions[0];
        var seen = new HashSet<Dim>();
        for (var i = 0; i < Carried; i++)
        {
            var (first, inside, next) = (node.Inputs[i].Type.Shape, body.Inputs[1 + i].Type.Shape, body.Outputs[i].Type.Shape);
            for (var axis = 0; axis < inside.Rank; axis++)
            {
                if (!ReferenceEquals(first[axis], inside[axis]) && inside[axis].IsSymbol && seen.Add(inside[axis]))
                {
                    yield return (inside[axis], first[axis], next[axis], Shapes[i][axis]);
                }
            }
        }
    }

    /// <summary>The symbols that get their values when the node runs, those of its region among them.</summary>
    public IEnumerable<Dim> BoundDims(Node node)
    {
        var body = node.Regions[0];
        IEnumerable<Dim> trips = IsCounted ? [] : [Trips];
        bool IsScanned(Dim dim, Dim inside) => dim.IsSymbol && !ReferenceEquals(dim, inside) && body.Facts.ProveEqual(dim, inside) != Proof.True;
        return trips.Concat(ChangingDims(node).Select(d => d.Symbol))
            .Concat(Enumerable.Range(0, Carried).SelectMany(i => Shapes[i].Dims.Where((dim, axis) => dim.IsSymbol && !ReferenceEquals(dim, node.Inputs[i].Type.Shape[axis]))))
            .Concat(Enumerable.Range(Carried, Shapes.Count - Carried).SelectMany(i => Shapes[i].Dims.Where((dim, axis) => IsScanned(dim, body.Outputs[i].Type.Shape[axis]))))
            .Distinct();
    }
}
