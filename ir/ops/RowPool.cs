using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Base of poolings whose window combines by one associative operator. Each row of outputs is computed in two passes without a test per element: the
/// rows that the window covers are combined into a row with padding at both ends, then the taps along that row.
/// </summary>
public abstract record RowPool(ValueList<long> Kernel, ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin,
    ValueList<Dim> PadsEnd, bool IsCeiling) : Pool(Kernel, Strides, Dilations, PadsBegin, PadsEnd, IsCeiling), ILoops
{
    /// <summary>Taps along a row up to which they are written out.</summary>
    private const long ShortKernel = 16;

    /// <summary>How elements combine, and from what.</summary>
    protected abstract ReduceKind Kind { get; }

    public void Lower(LoopContext c)
    {
        var (x, y) = (c.InputType(0).Shape, c.OutputType(0).Shape);
        var element = c.InputType(0).Element;
        var type = Accumulator(element);
        var (last, rank) = (Kernel.Count - 1, x.Rank);
        var (width, outWidth, begin) = (x[^1], y[^1], PadsBegin[^1]);

        if (c.Machine.Gpu is not null)
        {
            LowerToThreads(c, type);
            return;
        }

        // The row with its padding: as far as the last window reaches, which may be less or more than the padded input.
        var reach = ((outWidth - 1) * Strides[^1]) + ((Kernel[^1] - 1) * Dilations[^1]) + 1;
        var length = reach.Max(0);
        var k = c.NewKernel(Name.ToLowerInvariant());
        var (source, target) = (c.Input(k, 0), c.Output(k, 0));
        k.Parallel(c.Dims.Product(y.Dims[..^1]), item =>
        {
            var index = c.Math.Delinearize(item, new Shape(y.Dims[..^1]));
            for (var axis = 0; axis < index.Length; axis++)
            {
                index[axis] = k.Let(index[axis]);
            }

            var row = k.Scratch("row", type, length);
            var neutral = Kind.Neutral(type);
            var (from, to) = (begin.Max(0).Min(length), (begin + width).Max(0).Min(length));
            k.Vector(ExprFactory.Dim(from), i => k.Store(row, i, neutral));
            k.Loop("v", ExprFactory.Dim(to), ExprFactory.Dim(length), LoopKind.Vector, i => k.Store(row, i, neutral));

            // Of the window's rows those inside the input; they are the same for all lanes.
            var bounds = Enumerable.Range(0, last).Select(axis => Taps(k, axis, index[axis + 2], x[axis + 2])).ToArray();
            k.Loop("v", ExprFactory.Dim(from), ExprFactory.Dim(to), LoopKind.Vector, i =>
            {
                var total = k.Declare(neutral, "total");
                Rows(0, k.Let((index[0] * ExprFactory.Dim(x[1])) + index[1]));
                k.Store(row, i, ExprFactory.Read(total));

                void Rows(int axis, Expr place)
                {
                    if (axis == last)
                    {
                        var value = ExprFactory.Load(source, (place * ExprFactory.Dim(width)) + i - ExprFactory.Dim(begin));
                        k.Assign(total, ExprFactory.Binary(Kind.Operator(), ExprFactory.Read(total), Map(ExprFactory.Cast(type, value))));
                        return;
                    }

                    var start = (index[axis + 2] * Strides[axis]) - ExprFactory.Dim(PadsBegin[axis]);
                    k.Serial(bounds[axis].First, bounds[axis].End, tap =>
                        Rows(axis + 1, (place * ExprFactory.Dim(x[axis + 2])) + start + (tap * Dilations[axis])));
                }
            });
            k.Vector(ExprFactory.Dim(outWidth), o =>
            {
                var total = k.Declare(ExprFactory.Load(row, o * Strides[^1]), "total");
                void Tap(Expr tap) => k.Assign(total, ExprFactory.Binary(Kind.Operator(), ExprFactory.Read(total),
                    ExprFactory.Load(row, (o * Strides[^1]) + (tap * Dilations[^1]))));
                if (Kernel[^1] > ShortKernel)
                {
                    k.Serial(ExprFactory.Int(1), ExprFactory.Int(Kernel[^1]), Tap);
                }
                else
                {
                    for (var tap = 1L; tap < Kernel[^1]; tap++)
                    {
                        Tap(ExprFactory.Int(tap));
                    }
                }

                var result = Finish(c, [.. index, o], ExprFactory.Read(total));
                k.Store(target, (item * ExprFactory.Dim(outWidth)) + o, ExprFactory.Cast(element, result));
            });
        });
        c.Launch(k, (width * RowMajor.Count(Kernel.Items.AsSpan()[..^1])) + (outWidth * Kernel[^1]));
    }

    /// <summary>On a GPU each thread combines the window of one result: neighbours read much of the same, from the cache.</summary>
    private void LowerToThreads(LoopContext c, ElementType type)
    {
        var (x, y) = (c.InputType(0).Shape, c.OutputType(0).Shape);
        var k = c.NewKernel(Name.ToLowerInvariant());
        var (source, target) = (c.Input(k, 0), c.Output(k, 0));
        k.Parallel(y.ElementCount(c.Dims), item =>
        {
            var index = c.Math.Delinearize(item, y);
            for (var axis = 0; axis < index.Length; axis++)
            {
                index[axis] = k.LetWithin(index[axis], y[axis]);
            }

            var total = k.Declare(Kind.Neutral(type), "total");
            var bounds = Enumerable.Range(0, Kernel.Count).Select(axis => Taps(k, axis, index[axis + 2], x[axis + 2])).ToArray();
            Axis(0, k.Let((index[0] * ExprFactory.Dim(x[1])) + index[1]));
            k.Store(target, item, ExprFactory.Cast(c.OutputType(0).Element, Finish(c, index, ExprFactory.Read(total))));

            void Axis(int axis, Expr place)
            {
                if (axis == Kernel.Count)
                {
                    var value = Map(ExprFactory.Cast(type, ExprFactory.Load(source, place)));
                    k.Assign(total, ExprFactory.Binary(Kind.Operator(), ExprFactory.Read(total), value));
                    return;
                }

                var start = (index[axis + 2] * Strides[axis]) - ExprFactory.Dim(PadsBegin[axis]);
                k.Serial(bounds[axis].First, bounds[axis].End, tap =>
                    Axis(axis + 1, (place * ExprFactory.Dim(x[axis + 2])) + start + (tap * Dilations[axis])));
            }
        });
        c.Launch(k, c.Dims.Const(RowMajor.Count(Kernel.Items.AsSpan())));
    }

    /// <summary>What it combines in.</summary>
    protected virtual ElementType Accumulator(ElementType element) =>
        element is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : element;

    /// <summary>What enters the combination of an element.</summary>
    protected virtual Expr Map(Expr x) => x;

    /// <summary>The result from the combination, at an output index.</summary>
    protected virtual Expr Finish(LoopContext c, Expr[] index, Expr total) => total;

    /// <summary>The taps of the window at output <paramref name="o"/> that lie inside an axis: from the first up to an end.</summary>
    private (Expr First, Expr End) Taps(KernelBuilder k, int axis, Expr o, Dim extent)
    {
        var start = (o * Strides[axis]) - ExprFactory.Dim(PadsBegin[axis]);
        var zero = ExprFactory.Int(0);
        var first = k.Let(ExprFactory.Max(RoundedUp(-start, axis), zero));
        return (first, k.Let(ExprFactory.Min(RoundedUp(ExprFactory.Dim(extent) - start, axis), ExprFactory.Int(Kernel[axis]))));
    }

    /// <summary>The number of taps among the next <paramref name="positions"/>: rounded up by the dilation.</summary>
    protected Expr RoundedUp(Expr positions, int axis) => Dilations[axis] == 1
        ? positions : ExprFactory.Binary(BinaryOp.FloorDiv, positions + (Dilations[axis] - 1), ExprFactory.Int(Dilations[axis]));

    /// <summary>For each element of the input the sum of <paramref name="value"/> (one number an output) over the windows that cover it.</summary>
    protected Value OverWindows(DifferentiateContext c, Value value)
    {
        var (shape, rank) = (c.Input(0).Type.Shape, Kernel.Count);
        var spread = Strides.All(s => s == 1) ? value : c.Emit(new Dilate([1, 1, .. Strides]), value);
        var (before, after) = (new Dim[rank], new Dim[rank]);
        for (var axis = 0; axis < rank; axis++)
        {
            var reach = (Kernel[axis] - 1) * Dilations[axis];
            before[axis] = reach - PadsBegin[axis];
            after[axis] = shape[axis + 2] + reach - before[axis] - spread.Type.Shape[axis + 2];
        }

        // A window turned around is the same window; the mean over its taps times their number is their sum.
        ValueList<long> ones = [.. Enumerable.Repeat(1L, rank)];
        var mean = c.Emit(new AveragePool(Kernel, ones, Dilations, [.. before], [.. after], IsCeiling: false, CountsPadding: true), spread);
        return c.Times(mean, RowMajor.Count(Kernel.Items.AsSpan()));
    }
}
