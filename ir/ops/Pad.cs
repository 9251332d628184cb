using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Adds elements before and after each axis; negative counts remove them (ONNX Pad). Inputs: the data and, in mode Constant, optionally the scalar to
/// put there instead of 0.
/// </summary>
public sealed record Pad(PadMode Mode, ValueList<Dim> Begins, ValueList<Dim> Ends) : Op, IIndexFunction
{
    public override void Infer(InferContext c)
    {
        if (c.InputCount != 1 && !(c.InputCount == 2 && Mode == PadMode.Constant))
        {
            throw c.Error($"expects the data and in mode Constant a value, found {c.InputCount} inputs");
        }

        var input = c.Input(0);
        if (Begins.Count != input.Rank || Ends.Count != input.Rank)
        {
            throw c.Error($"expects two counts for each axis of {input}, found {Begins} and {Ends}");
        }

        if (c.InputCount == 2)
        {
            c.ExpectSameElement();
            c.ExpectRank(1, 0);
        }

        var dims = new Dim[input.Rank];
        for (var axis = 0; axis < dims.Length; axis++)
        {
            dims[axis] = input.Shape[axis] + Begins[axis] + Ends[axis];
            if (!IsKept(axis))
            {
                c.Require(c.Dims.Zero, Relation.LessOrEqual, dims[axis], $"the padded extent of axis {axis}");
                if (Mode != PadMode.Constant)
                {
                    c.Require(c.Dims.One, Relation.LessOrEqual, input.Shape[axis], $"the extent of axis {axis} that is padded from itself");
                }
            }
        }

        c.Output(input.Element, new Shape([.. dims]));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (input, output) = (c.Input(0), c.NewOutput());
        for (var i = 0L; i < output.Count; i++)
        {
            var index = RowMajor.Index(i, output.Dims);
            var isInside = true;
            for (var axis = 0; axis < index.Length; axis++)
            {
                var extent = input.Dims[axis];
                var at = index[axis] - c.Dim(Begins[axis]);
                isInside &= at >= 0 && at < extent;
                index[axis] = Mode switch
                {
                    PadMode.Constant => at,
                    PadMode.Reflect => Reflect(at, extent),
                    PadMode.Edge => Math.Clamp(at, 0, extent - 1),
                    PadMode.Wrap => IntegerMath.Mod(at, extent),
                    _ => throw new InvalidOperationException($"unknown mode {Mode}"),
                };
            }

            if (isInside || Mode != PadMode.Constant)
            {
                output.CopyElement(i, input, RowMajor.Position(index, input.Dims));
            }
            else if (c.InputCount == 2)
            {
                output.CopyElement(i, c.Input(1), 0);
            }
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var type = c.InputType(0);
        var source = new Expr[index.Length];
        var inside = ExprFactory.Bool(true);
        for (var axis = 0; axis < index.Length; axis++)
        {
            if (IsKept(axis))
            {
                source[axis] = index[axis];
                continue;
            }

            var at = index[axis] - c.Dim(Begins[axis]);
            var extent = c.Dim(type.Shape[axis]);
            source[axis] = Mode switch
            {
                PadMode.Constant => at,
                PadMode.Reflect => Reflect(at, type.Shape[axis], axis),
                PadMode.Edge => ExprFactory.Max(ExprFactory.Min(at, extent - 1), ExprFactory.Int(0)),
                PadMode.Wrap => ExprFactory.Binary(BinaryOp.Mod, at, extent),
                _ => throw new InvalidOperationException($"unknown mode {Mode}"),
            };
            if (Mode == PadMode.Constant)
            {
                inside = Begins[axis].Is(0) ? inside : ExprFactory.And(inside, ExprFactory.LessOrEqual(ExprFactory.Int(0), at));
                inside = Ends[axis].Is(0) ? inside : ExprFactory.And(inside, ExprFactory.Less(at, extent));
            }
        }

        if (Mode != PadMode.Constant)
        {
            return c.Input(0, source);
        }

        var value = c.InputCount == 2 ? c.Input(1) : ExprFactory.Literal(0, type.Element);
        return c.Guarded(inside, () => c.Input(0, source), value);
    }

    private bool IsKept(int axis) => Begins[axis].Is(0) && Ends[axis].Is(0);

    private static long Reflect(long at, long extent)
    {
        if (extent == 1)
        {
            return 0;
        }

        var period = 2 * (extent - 1);
        var phase = IntegerMath.Mod(at, period);
        return Math.Min(phase, period - phase);
    }

    /// <summary>One mirroring without a division where the pads are known to be shorter than the axis, else the periodic form.</summary>
    private Expr Reflect(Expr at, Dim extent, int axis)
    {
        var last = ExprFactory.Dim(extent - 1);
        if (extent.IsConstant && Begins[axis].IsConstant && Ends[axis].IsConstant
            && Math.Max(Begins[axis].Constant, Ends[axis].Constant) < extent.Constant)
        {
            var mirrored = last - ExprFactory.Unary(UnaryOp.Abs, at);
            return last - ExprFactory.Unary(UnaryOp.Abs, mirrored);
        }

        // An extent of 1 has period 0, and a remainder by zero is 0.
        var period = ExprFactory.Dim(2 * (extent - 1));
        var phase = ExprFactory.Binary(BinaryOp.Mod, at, period);
        return ExprFactory.Min(phase, period - phase);
    }

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () =>
        {
            var gradient = c.Gradient();
            if (Mode == PadMode.Constant)
            {
                return c.Padded(gradient, [.. Begins.Select(d => -d)], [.. Ends.Select(d => -d)]);
            }

            for (var axis = 0; axis < Begins.Count; axis++)
            {
                if (!IsKept(axis))
                {
                    // The same padding of the positions says where each element comes from.
                    var extent = c.Input(0).Type.Shape[axis];
                    var places = c.Emit(new Pad(Mode, [Begins[axis]], [Ends[axis]]), c.Positions(extent, 0, 1));
                    gradient = c.Scattered(gradient, axis, places, extent);
                }
            }

            return gradient;
        });
        if (c.InputCount == 2)
        {
            c.Give(1, () =>
            {
                var isPadding = c.Emit(new Pad(Mode, Begins, Ends), c.Zeros(c.Input(0).Type), c.Scalar(c.Input(0).Type.Element, 1));
                return c.Total(c.Times(c.Gradient(), isPadding));
            });
        }
    }
}
