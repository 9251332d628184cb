using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Counts n-grams in sequences (the core of ONNX TfIdfVectorizer): i64 <c>x [B, N]</c> and a pool i64 <c>[G, Length]</c> of n-grams with their output
/// columns i64 <c>[G]</c>, to f32 <c>[B, Columns]</c>. Each n-gram is looked for at every place with 0 to <paramref name="MostSkips"/> elements left
/// out between its items, the same number each time.
/// </summary>
public sealed record NGramCounts(long Length, long MostSkips, long Columns) : Op, ILoops
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(3);
        c.ExpectSameElement();
        c.ExpectElement(0, t => t == ElementType.Int64, "an i64 tensor");
        c.ExpectRank(0, 2);
        c.ExpectRank(1, 2);
        c.ExpectRank(2, 1);
        c.RequireEqual(c.Input(1).Shape[1], c.Dims.Const(Length), "the length of an n-gram");
        c.RequireEqual(c.Input(1).Shape[0], c.Input(2).Shape[0], "n-grams");
        c.Output(ElementType.Float32, [c.Input(0).Shape[0], c.Dims.Const(Columns)]);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, pool, columns, output) = (c.Input(0), c.Input(1), c.Input(2), c.NewOutput());
        var n = x.Dims[1];
        for (var b = 0L; b < x.Dims[0]; b++)
        {
            for (var gram = 0L; gram < pool.Dims[0]; gram++)
            {
                var count = 0;
                for (var step = 1L; step <= (Length == 1 ? 1 : MostSkips + 1); step++)
                {
                    for (var start = 0L; start + ((Length - 1) * step) < n; start++)
                    {
                        count += Enumerable.Range(0, (int)Length)
                            .All(i => x.GetLong((b * n) + start + (i * step)) == pool.GetLong((gram * Length) + i)) ? 1 : 0;
                    }
                }

                var to = (b * Columns) + columns.GetLong(gram);
                output.SetDouble(to, output.GetDouble(to) + count);
            }
        }
    }

    public void Lower(LoopContext c)
    {
        var shape = c.InputType(0).Shape;
        var (n, grams) = (ExprFactory.Dim(shape[1]), c.InputType(1).Shape[0]);
        var (zero, one) = (ExprFactory.Int(0), ExprFactory.Int(1));
        var k = c.NewKernel("n_grams");
        var (x, pool, columns, y) = (c.Input(k, 0), c.Input(k, 1), c.Input(k, 2), c.Output(k, 0));
        k.Parallel(shape[0], b =>
        {
            k.Vector(ExprFactory.Int(Columns), i => k.Store(y, (b * Columns) + i, ExprFactory.Float(0)));
            k.Serial(ExprFactory.Dim(grams), gram =>
            {
                var count = k.Declare(zero, "count");
                k.Serial(ExprFactory.Int(Length == 1 ? 1 : MostSkips + 1), skips =>
                {
                    var step = skips + 1;
                    k.Vector(n - (step * (Length - 1)), start =>
                    {
                        var isSame = ExprFactory.Bool(true);
                        for (var i = 0L; i < Length; i++)
                        {
                            isSame = ExprFactory.And(isSame, ExprFactory.Equal(ExprFactory.Load(x, (b * n) + start + (step * i)),
                                ExprFactory.Load(pool, (gram * Length) + i)));
                        }

                        k.Assign(count, ExprFactory.Read(count) + ExprFactory.Select(isSame, one, zero));
                    }, new Reduction(count, BinaryOp.Add));
                });
                var column = k.Let(ExprFactory.Load(columns, gram));
                var isValid = k.Let(ExprFactory.And(ExprFactory.LessOrEqual(zero, column), ExprFactory.Less(column, ExprFactory.Int(Columns))));
                var to = (b * Columns) + column;
                k.If(isValid, () => k.Store(y, to, ExprFactory.Load(y, to) + ExprFactory.Cast(ElementType.Float32, ExprFactory.Read(count))));
            });
        });
        c.Launch(k, grams * shape[1] * ((MostSkips + 1) * Length));
    }
}
