using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Running sum or product along an axis, from the front or with <paramref name="IsReverse"/> from the back; with
/// <paramref name="IsExclusive"/> without the element itself. f16 and bf16 accumulate in f32. ONNX CumSum and CumProd.
/// </summary>
public sealed record Cumulate(ReduceKind Kind, int Axis, bool IsExclusive, bool IsReverse) : Op, ILoops
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        var x = c.Input(0);
        c.ExpectElement(0, t => t != ElementType.Bool, "a tensor of numbers");
        if (Axis < 0 || Axis >= x.Rank || Kind is not (ReduceKind.Sum or ReduceKind.Prod))
        {
            throw c.Error($"expects a sum or product along an axis of {x}, found {Kind} along {Axis}");
        }

        c.Output(x);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, output) = (c.Input(0), c.NewOutput());
        var (extent, inner) = (x.Dims[Axis], RowMajor.Count(x.Dims.AsSpan(Axis + 1)));
        for (var line = 0L; extent > 0 && line < x.Count / extent; line++)
        {
            var start = (line / inner * extent * inner) + (line % inner);
            var (sum, integer) = Kind == ReduceKind.Sum ? (0.0, 0L) : (1.0, 1L);
            for (var step = 0L; step < extent; step++)
            {
                var at = start + ((IsReverse ? extent - 1 - step : step) * inner);
                if (IsExclusive)
                {
                    Set(at);
                }

                sum = Kind == ReduceKind.Sum ? sum + x.GetDouble(at) : sum * x.GetDouble(at);
                integer = Kind == ReduceKind.Sum ? integer + x.GetLong(at) : integer * x.GetLong(at);
                if (!IsExclusive)
                {
                    Set(at);
                }
            }

            void Set(long at)
            {
                if (x.Element.IsFloat())
                {
                    output.SetDouble(at, sum);
                }
                else
                {
                    output.SetLong(at, integer);
                }
            }
        }
    }

    public void Lower(LoopContext c)
    {
        var element = c.InputType(0).Element;
        var type = element is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : element;
        var (outer, extent, inner) = LineLoops.Split(c.InputType(0).Shape, Axis, c.Dims);
        if (c.Machine.Gpu is not null && inner.Is(1))
        {
            // With many or short lines a thread takes one, else a block.
            const long manyLines = 8192;
            const long shortLine = 32;
            var perThread = extent is { IsConstant: true, Constant: <= shortLine } ? c.Dims.One : outer.FloorDiv(manyLines).Min(1);
            if (!perThread.Is(1))
            {
                LowerToBlocks(c, type, outer * (1 - perThread), extent);
            }

            if (perThread.Is(0))
            {
                return;
            }

            outer *= perThread;
        }

        var k = c.NewKernel("cumulate");
        var (x, y) = (c.Input(k, 0), c.Output(k, 0));
        LineLoops.ForEachLineOfVector(c, k, outer, inner, (o, n) =>
        {
            var total = k.Declare(Kind.Neutral(type), "total");
            k.Serial(ExprFactory.Dim(extent), step =>
            {
                var position = IsReverse ? ExprFactory.Dim(extent - 1) - step : step;
                var at = (o * ExprFactory.Dim(extent * inner)) + (position * ExprFactory.Dim(inner)) + n;
                var next = ExprFactory.Binary(Kind.Operator(), ExprFactory.Read(total), ExprFactory.Cast(type, ExprFactory.Load(x, at)));
                if (IsExclusive)
                {
                    k.Store(y, at, ExprFactory.Cast(element, ExprFactory.Read(total)));
                    k.Assign(total, next);
                }
                else
                {
                    k.Assign(total, next);
                    k.Store(y, at, ExprFactory.Cast(element, ExprFactory.Read(total)));
                }
            });
        });
        c.Launch(k, extent);
    }

    /// <summary>
    /// A block a line, in stretches: each thread adds up a few neighbours, the threads exchange their sums in shared memory by doubling distances, and each goes
    /// over its neighbours again.
    /// </summary>
    private void LowerToBlocks(LoopContext c, ElementType type, Dim lines, Dim extent)
    {
        const int threads = GpuModel.BlockThreads;
        const int neighbours = 8;
        var k = c.NewKernel("cumulate");
        k.ThreadsPerItem = threads;
        var (x, y, end) = (c.Input(k, 0), c.Output(k, 0), ExprFactory.Dim(extent));
        Expr Combine(Expr a, Expr b) => ExprFactory.Binary(Kind.Operator(), a, b);
        k.Parallel(lines, line =>
        {
            var (sums, others) = (k.Shared("sums", type, threads), k.Shared("sums", type, threads));
            var carry = k.Declare(Kind.Neutral(type), "carry");
            k.Serial(ExprFactory.Dim(extent.CeilDiv(threads * neighbours)), stretch =>
            {
                void EachThread(Action<Expr> body) => k.LoopWithin("v", ExprFactory.Int(0), ExprFactory.Int(threads), c.Dims.Const(threads), LoopKind.Vector, body);
                Expr First(Expr thread) => k.Let((stretch * (threads * neighbours)) + (thread * neighbours), "first");
                Expr At(Expr step) => (line * end) + (IsReverse ? ExprFactory.Dim(extent - 1) - step : step);
                Expr Load(Expr step) => ExprFactory.Cast(type, ExprFactory.Load(x, At(step)));
                EachThread(thread =>
                {
                    var (first, sum) = (First(thread), k.Declare(Kind.Neutral(type), "sum"));
                    k.Serial(first, ExprFactory.Min(first + neighbours, end), step => k.Assign(sum, Combine(ExprFactory.Read(sum), Load(step))));
                    k.Store(sums, thread, ExprFactory.Read(sum));
                });
                k.Barrier();
                for (var distance = 1; distance < threads; distance *= 2)
                {
                    var apart = distance;
                    EachThread(thread =>
                    {
                        var sum = k.Declare(ExprFactory.Load(sums, thread), "sum");
                        k.If(ExprFactory.LessOrEqual(ExprFactory.Int(apart), thread),
                            () => k.Assign(sum, Combine(ExprFactory.Load(sums, thread - apart), ExprFactory.Read(sum))));
                        k.Store(others, thread, ExprFactory.Read(sum));
                    });
                    k.Barrier();
                    (sums, others) = (others, sums);
                }

                EachThread(thread =>
                {
                    var (first, total) = (First(thread), k.Declare(ExprFactory.Read(carry), "total"));
                    k.If(ExprFactory.Less(ExprFactory.Int(0), thread), () => k.Assign(total, Combine(ExprFactory.Read(carry), ExprFactory.Load(sums, thread - 1))));
                    k.Serial(first, ExprFactory.Min(first + neighbours, end), step =>
                    {
                        var next = k.Let(Combine(ExprFactory.Read(total), Load(step)), "next");
                        k.Store(y, At(step), ExprFactory.Cast(y.Type, IsExclusive ? ExprFactory.Read(total) : next));
                        k.Assign(total, next);
                    });
                });
                k.Assign(carry, Combine(ExprFactory.Read(carry), ExprFactory.Load(sums, ExprFactory.Int(threads - 1))));
                k.Barrier();
            });
        });
        c.Launch(k, extent);
    }

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () =>
        {
            if (Kind == ReduceKind.Sum)
            {
                return c.Emit(new Cumulate(Kind, Axis, IsExclusive, !IsReverse), c.Gradient());
            }

            // d_i = (product before i) * s_i with s_i = g_i + x_(i+1) * s_(i+1): no division that zeros would break. Exclusive: s_(i+1) with x_i.
            var (x, gradient, shape) = (c.Input(0), c.Gradient(), c.Input(0).Type.Shape);
            var extent = shape[Axis];
            var slice = new Shape(shape.Dims.RemoveAt(Axis));
            var results = LoopWriter.Run(c, extent, [c.Zeros(new TensorType(x.Type.Element, slice))], (inner, iteration, carried) =>
            {
                var at = IsReverse ? iteration : inner.Minus(inner.Number(extent - 1, ElementType.Int64), iteration);
                var (own, g) = (inner.Emit(new Gather(Axis), x, at), inner.Emit(new Gather(Axis), gradient, at));
                return IsExclusive ? ([inner.Plus(g, inner.Times(own, carried[0]))], [carried[0]])
                    : ([inner.Times(own, inner.Plus(g, carried[0]))], [inner.Plus(g, carried[0])]);
            });
            var sums = c.Permuted(results[1], [.. Enumerable.Range(1, Axis), 0, .. Enumerable.Range(Axis + 1, slice.Rank - Axis)]);
            sums = IsReverse ? sums : c.Reversed(sums, Axis);
            return c.Times(c.Emit(new Cumulate(Kind, Axis, IsExclusive: true, IsReverse), x), sums);
        });
    }
}
