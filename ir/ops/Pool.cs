using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Base of operators that slide a window over the spatial axes of <c>x [N, C, spatial...]</c>. One number per spatial axis in each list. With
/// <paramref name="IsCeiling"/> the output dims round up, but no window starts in the end padding (see <see cref="Window.OutputDim"/>).
/// </summary>
public abstract record Pool(ValueList<long> Kernel, ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin,
    ValueList<Dim> PadsEnd, bool IsCeiling) : Op
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        var x = c.Input(0);
        c.ExpectElement(0, Accepts, "a tensor that can be pooled");
        var spatial = x.Rank - 2;
        if (spatial < 1)
        {
            throw c.Error($"expects [N, C, spatial...], found {x}");
        }

        if (Kernel.Count != spatial || Strides.Count != spatial || Dilations.Count != spatial || PadsBegin.Count != spatial
            || PadsEnd.Count != spatial)
        {
            throw c.Error($"expects {spatial} numbers a list for {x}, found {Kernel}, {Strides}, {Dilations}, {PadsBegin}, {PadsEnd}");
        }

        if (Kernel.Any(k => k < 1) || Strides.Any(s => s < 1) || Dilations.Any(d => d < 1))
        {
            throw c.Error($"expects a positive kernel, strides and dilations, found {Kernel}, {Strides}, {Dilations}");
        }

        var output = x.Shape.Dims.ToBuilder();
        for (var axis = 0; axis < spatial; axis++)
        {
            output[axis + 2] = WindowOf(axis).OutputDim(c, x.Shape[axis + 2], IsCeiling, mayCut: true);
        }

        c.Output(Result(x.Element), new Shape(output.ToImmutable()));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, output) = (c.Input(0), c.NewOutput());
        var spatial = Kernel.Count;
        var (inDims, outDims, kernel) = (x.Dims[2..], output.Dims[2..], Kernel.ToArray());
        var (inCount, outCount, taps) = (RowMajor.Count(inDims), RowMajor.Count(outDims), RowMajor.Count(kernel));
        var (begin, end) = (PadsBegin.Select(c.Dim).ToArray(), PadsEnd.Select(c.Dim).ToArray());
        var inside = new List<long>();
        for (var o = 0L; o < output.Count; o++)
        {
            var at = RowMajor.Index(o % outCount, outDims);
            var image = o / outCount * inCount;
            var padded = 0L;
            inside.Clear();
            for (var t = 0L; t < taps; t++)
            {
                var tap = RowMajor.Index(t, kernel);
                var (offset, isInside, isPadded) = (0L, true, true);
                for (var axis = 0; axis < spatial; axis++)
                {
                    var i = (at[axis] * Strides[axis]) + (tap[axis] * Dilations[axis]) - begin[axis];
                    isInside &= i >= 0 && i < inDims[axis];
                    isPadded &= i < inDims[axis] + end[axis];
                    offset = (offset * inDims[axis]) + i;
                }

                padded += isPadded ? 1 : 0;
                if (isInside)
                {
                    inside.Add(image + offset);
                }
            }

            Combine(x, inside, padded, output, o);
        }
    }

    /// <summary>Whether a window may reach over the end of the padded input.</summary>
    protected bool ReachesOver(int axis) => IsCeiling || WindowOf(axis).IsCut;

    /// <summary>The element types it takes.</summary>
    protected virtual bool Accepts(ElementType type) => type.IsFloat();

    /// <summary>The element type of the result.</summary>
    protected virtual ElementType Result(ElementType input) => input;

    /// <summary>
    /// The reference for one output element: from the positions in <paramref name="x"/> that the window covers, and the number of its
    /// taps within the padded input.
    /// </summary>
    protected abstract void Combine(Tensor x, IReadOnlyList<long> inside, long padded, Tensor output, long o);

    private Window WindowOf(int axis) =>
        new(PadsBegin[axis].Context.Const(Kernel[axis]), Strides[axis], Dilations[axis], PadsBegin[axis], PadsEnd[axis]);
}
