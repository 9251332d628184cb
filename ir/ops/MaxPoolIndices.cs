using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Where in the whole input tensor the first greatest element of each window is, as an i64 position (ONNX MaxPool's Indices). Positions
/// are row-major, or with <paramref name="IsColumnMajor"/> the spatial axes of each image count the first axis fastest.
/// </summary>
public sealed record MaxPoolIndices(ValueList<long> Kernel, ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin,
    ValueList<Dim> PadsEnd, bool IsCeiling, bool IsColumnMajor) : Pool(Kernel, Strides, Dilations, PadsBegin, PadsEnd, IsCeiling), IIndexFunction
{
    public override bool IsHeavy => true;

    public Expr At(IndexContext c, Expr[] index)
    {
        var x = c.InputType(0);
        var least = ReduceKind.Max.Neutral(x.Element);
        var best = c.Kernel.Declare(least, "best");
        var at = c.Kernel.Declare(ExprFactory.Int(-1), "at");
        ForEachTap(c, index, (position, inside) =>
        {
            var value = c.Kernel.Let(c.Guarded(inside, () => c.Input(0, position), least));

            // The first element inside counts even when it is the least value there is.
            var wins = ExprFactory.And(inside, ExprFactory.Or(ExprFactory.Less(ExprFactory.Read(best), value),
                ExprFactory.Less(ExprFactory.Read(at), ExprFactory.Int(0))));
            wins = c.Kernel.Let(wins);
            c.Kernel.Assign(best, ExprFactory.Select(wins, value, ExprFactory.Read(best)));
            c.Kernel.Assign(at, ExprFactory.Select(wins, Offset(c, position, x.Shape), ExprFactory.Read(at)));
        });
        return ExprFactory.Max(ExprFactory.Read(at), ExprFactory.Int(0));
    }

    protected override bool Accepts(ElementType type) => type != ElementType.Bool;

    protected override ElementType Result(ElementType input) => ElementType.Int64;

    protected override void Combine(Tensor x, IReadOnlyList<long> inside, long padded, Tensor output, long o)
    {
        var best = inside.Count == 0 ? 0 : inside[0];
        foreach (var i in inside)
        {
            best = (x.Element.IsFloat() ? x.GetDouble(i) > x.GetDouble(best)
                : x.Element == ElementType.UInt64 ? (ulong)x.GetLong(i) > (ulong)x.GetLong(best) : x.GetLong(i) > x.GetLong(best)) ? i : best;
        }

        if (IsColumnMajor)
        {
            var dims = x.Dims[2..];
            var count = RowMajor.Count(dims);
            var at = RowMajor.Index(best % count, dims);
            Array.Reverse(at);
            Array.Reverse(dims);
            best = (best / count * count) + RowMajor.Position(at, dims);
        }

        output.SetLong(o, best);
    }

    private Expr Offset(IndexContext c, Expr[] position, Shape shape)
    {
        if (!IsColumnMajor)
        {
            return c.Math.Linearize(position, shape);
        }

        return c.Math.Linearize([position[0], position[1], .. position[2..].Reverse()],
            new Shape([shape[0], shape[1], .. shape.Dims[2..].Reverse()]));
    }

    /// <summary>
    /// Writes loops over the taps of the window at an output index; the body gets the input's index and whether it lies inside the input.
    /// </summary>
    private void ForEachTap(IndexContext c, Expr[] index, Action<Expr[], Expr> body)
    {
        var shape = c.InputType(0).Shape;
        var position = index.ToArray();
        Axis(0, ExprFactory.Bool(true));

        void Axis(int axis, Expr inside)
        {
            if (axis == Kernel.Count)
            {
                body([.. position], inside);
                return;
            }

            c.Kernel.Serial(ExprFactory.Int(Kernel[axis]), tap =>
            {
                var at = (index[axis + 2] * Strides[axis]) + (tap * Dilations[axis]) - c.Dim(PadsBegin[axis]);
                position[axis + 2] = at;

                // Without padding on a side no window leaves the input there.
                if (!(PadsBegin[axis] is { IsConstant: true, Constant: <= 0 }))
                {
                    inside = ExprFactory.And(inside, ExprFactory.LessOrEqual(ExprFactory.Int(0), at));
                }

                if (ReachesOver(axis) || !(PadsEnd[axis] is { IsConstant: true, Constant: <= 0 }))
                {
                    inside = ExprFactory.And(inside, ExprFactory.Less(at, c.Dim(shape[axis + 2])));
                }

                Axis(axis + 1, inside);
            });
        }
    }
}
