using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Matrix product <c>[..., M, K] x [..., K, N] -> [..., M, N]</c> with broadcast leading axes; both have rank 2 or more. Sums in
/// <paramref name="Accumulator"/>, which is the result's element type too (f32 for f16 operands is allowed, i32 for i8 and u8). Operands of
/// different integer types are allowed where the accumulator is i32. Lowered by the blocked template.
/// </summary>
public sealed record MatMul(ElementType Accumulator) : Op
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(2);
        var (a, b) = (c.Input(0), c.Input(1));
        if (a.Rank < 2 || b.Rank < 2)
        {
            throw c.Error($"expects matrices, found {a} and {b}");
        }

        if (a.Element != b.Element && Accumulator != ElementType.Int32)
        {
            throw c.Error($"expects one element type, found {a} and {b}");
        }

        c.RequireEqual(a.Shape[^1], b.Shape[^2], "inner dims");
        var batch = c.BroadcastShapes(new Shape(a.Shape.Dims[..^2]), new Shape(b.Shape.Dims[..^2]));
        c.Output(Accumulator, new Shape([.. batch.Dims, a.Shape[^2], b.Shape[^1]]));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (a, b, output) = (c.Input(0), c.Input(1), c.NewOutput());
        var (m, n, k) = (output.Dims[^2], output.Dims[^1], a.Dims[^1]);
        var batchDims = output.Dims[..^2];
        var (atA, atB) = (new BroadcastReader(a.Dims[..^2], batchDims), new BroadcastReader(b.Dims[..^2], batchDims));
        var batches = batchDims.Aggregate(1L, (x, y) => x * y);
        for (var batch = 0L; batch < batches; batch++)
        {
            var (baseA, baseB) = (atA.Offset(batch) * m * k, atB.Offset(batch) * k * n);
            for (var i = 0L; i < m; i++)
            {
                for (var j = 0L; j < n; j++)
                {
                    var (sum, integer) = (0.0, 0L);
                    for (var d = 0L; d < k; d++)
                    {
                        var (x, y) = (baseA + (i * k) + d, baseB + (d * n) + j);
                        if (Accumulator.IsFloat())
                        {
                            sum += a.GetDouble(x) * b.GetDouble(y);
                        }
                        else
                        {
                            integer += a.GetLong(x) * b.GetLong(y);
                        }
                    }

                    var o = (((batch * m) + i) * n) + j;
                    if (Accumulator.IsFloat())
                    {
                        output.SetDouble(o, sum);
                    }
                    else
                    {
                        output.SetLong(o, integer);
                    }
                }
            }
        }
    }

    public override void Differentiate(DifferentiateContext c)
    {
        var (a, b, element) = (c.Input(0), c.Input(1), c.Input(0).Type.Element);
        var gradient = c.As(c.Gradient(), element);
        var product = new MatMul(OpWriter.Wide(element));
        c.Give(0, () => c.Emit(product, gradient, c.Transposed(b)));
        c.Give(1, () =>
        {
            // Axes of the batch that b lacks are summed over: they join the rows, over which the product sums anyway.
            var (g, rank) = (gradient.Type.Shape, gradient.Type.Rank);
            var merged = 0;
            while (merged < rank - 2 && Lacks(c, b, rank - 3 - merged, rank) && a.Type.Rank > 2 + merged
                && c.AreEqual(a.Type.Shape[^(3 + merged)], g[^(3 + merged)]))
            {
                merged++;
            }

            if (merged == 0)
            {
                return c.Emit(product, c.Transposed(a), gradient);
            }

            var rows = c.Dims.Product(g.Dims[(rank - 2 - merged)..(rank - 1)]);
            var left = c.Shaped(a, [.. a.Type.Shape.Dims[..(a.Type.Rank - 2 - merged)], rows, a.Type.Shape[^1]]);
            var right = c.Shaped(gradient, [.. g.Dims[..(rank - 2 - merged)], rows, g[^1]]);
            var sum = c.Emit(product, c.Transposed(left), right);
            var ones = Enumerable.Repeat(c.Dims.One, Math.Min(merged, b.Type.Rank - 2));
            return c.Shaped(sum, [.. sum.Type.Shape.Dims[..^2], .. ones, .. sum.Type.Shape.Dims[^2..]]);
        });
    }

    /// <summary>Whether an operand is broadcast along an axis of the result.</summary>
    private static bool Lacks(DifferentiateContext c, Value operand, int axis, int rank)
    {
        var own = axis - (rank - operand.Type.Rank);
        return own < 0 || c.Facts.Simplify(operand.Type.Shape[own]).Is(1);
    }
}
