using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// Determinants of matrices <c>[..., n, n]</c>, to <c>[...]</c>, by elimination with row pivoting (ONNX Det). f16 and bf16 compute in f32. That of an
/// empty matrix is 1.
/// </summary>
public sealed record Determinant : Op, ILoops
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        var x = c.Input(0);
        c.ExpectElement(0, t => t.IsFloat(), "a float tensor");
        if (x.Rank < 2)
        {
            throw c.Error($"expects matrices, found {x}");
        }

        c.RequireEqual(x.Shape[^1], x.Shape[^2], "rows and columns");
        c.Output(x.Element, new Shape(x.Shape.Dims[..^2]));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, output) = (c.Input(0), c.NewOutput());
        var n = (int)x.Dims[^1];
        for (var o = 0L; o < output.Count; o++)
        {
            var m = new double[n, n];
            for (var i = 0; i < n * n; i++)
            {
                m[i / n, i % n] = x.GetDouble((o * n * n) + i);
            }

            var product = 1.0;
            for (var column = 0; column < n; column++)
            {
                var pivot = Enumerable.Range(column, n - column).MaxBy(row => Math.Abs(m[row, column]));
                product *= pivot == column ? m[pivot, column] : -m[pivot, column];
                for (var i = 0; i < n; i++)
                {
                    (m[pivot, i], m[column, i]) = (m[column, i], m[pivot, i]);
                }

                for (var row = column + 1; row < n && m[column, column] != 0; row++)
                {
                    var factor = m[row, column] / m[column, column];
                    for (var i = column; i < n; i++)
                    {
                        m[row, i] -= factor * m[column, i];
                    }
                }
            }

            output.SetDouble(o, product);
        }
    }

    public void Lower(LoopContext c)
    {
        var (type, size) = (c.InputType(0), c.InputType(0).Shape[^1]);
        var real = type.Element == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;
        var (n, zero) = (ExprFactory.Dim(size), ExprFactory.Float(0, real));
        var k = c.NewKernel("determinant");
        var (x, y) = (c.Input(k, 0), c.Output(k, 0));
        k.Parallel(c.OutputType(0).Shape.ElementCount(c.Dims), item =>
        {
            var m = k.Scratch("matrix", real, size * size);
            Expr At(Expr row, Expr column) => ExprFactory.Load(m, (row * n) + column);
            k.Vector(n * n, i => k.Store(m, i, ExprFactory.Cast(real, ExprFactory.Load(x, (item * n * n) + i))));
            var product = k.Declare(ExprFactory.Float(1, real), "product");
            k.Serial(n, column =>
            {
                var pivot = k.Declare(column, "pivot");
                var best = k.Declare(ExprFactory.Unary(UnaryOp.Abs, At(column, column)), "best");
                k.Serial(column + 1, n, row =>
                {
                    var size = k.Let(ExprFactory.Unary(UnaryOp.Abs, At(row, column)));
                    k.If(ExprFactory.Less(ExprFactory.Read(best), size), () =>
                    {
                        k.Assign(pivot, row);
                        k.Assign(best, size);
                    });
                });
                var found = k.Let(ExprFactory.Read(pivot));
                k.If(ExprFactory.Not(ExprFactory.Equal(found, column)), () =>
                {
                    k.Assign(product, -ExprFactory.Read(product));
                    k.Vector(n, i =>
                    {
                        var (above, below) = (k.Let(At(column, i)), k.Let(At(found, i)));
                        k.Store(m, (column * n) + i, below);
                        k.Store(m, (found * n) + i, above);
                    });
                });
                var value = k.Let(At(column, column));
                k.Assign(product, ExprFactory.Read(product) * value);
                k.If(ExprFactory.Not(ExprFactory.Equal(value, zero)), () => k.Serial(column + 1, n, row =>
                {
                    var factor = k.Let(ExprFactory.Binary(BinaryOp.Div, At(row, column), value));
                    k.Loop("v", column, n, LoopKind.Vector, i => k.Store(m, (row * n) + i, At(row, i) - (factor * At(column, i))));
                }));
            });
            k.Store(y, item, ExprFactory.Cast(type.Element, ExprFactory.Read(product)));
        });
        c.Launch(k, size * size * size);
    }
}
