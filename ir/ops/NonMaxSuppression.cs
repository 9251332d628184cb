using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// For each image and class: boxes by falling score, without those that overlap a box chosen before by more than a threshold. Inputs
/// <c>boxes [B, N, 4]</c> (two opposite corners y, x, y, x, or with <paramref name="HasCenters"/> center x, center y, width, height),
/// <c>scores [B, C, N]</c>, and scalars: the most boxes to choose (i64), the threshold of intersection over union, the score to exceed. Outputs, i64:
/// the chosen boxes <c>[B, C, N]</c>, of which the first <c>count [B, C]</c> are meant. What ONNX NonMaxSuppression is made of.
/// </summary>
public sealed record NonMaxSuppression(bool HasCenters) : Op, ILoops
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(5);
        c.ExpectRank(0, 3);
        c.ExpectRank(1, 3);
        c.ExpectSameElement(0, 1, 3, 4);
        c.ExpectElement(0, t => t.IsFloat(), "a float tensor");
        c.ExpectElement(2, t => t == ElementType.Int64, "an i64 scalar");
        for (var i = 2; i < 5; i++)
        {
            c.ExpectRank(i, 0);
        }

        var (boxes, scores) = (c.Input(0).Shape, c.Input(1).Shape);
        c.RequireEqual(boxes[0], scores[0], "batch");
        c.RequireEqual(boxes[1], scores[2], "boxes");
        c.RequireEqual(boxes[2], c.Dims.Const(4), "numbers of a box");
        c.Output(ElementType.Int64, scores);
        c.Output(ElementType.Int64, new Shape(scores.Dims[..2]));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (boxes, scores, chosen, counts) = (c.Input(0), c.Input(1), c.NewOutput(0), c.NewOutput(1));
        var (most, overlap, least) = (c.Input(2).GetLong(0), c.Input(3).GetDouble(0), c.Input(4).GetDouble(0));
        var (classes, n) = (scores.Dims[1], scores.Dims[2]);
        for (var line = 0L; line < scores.Dims[0] * classes; line++)
        {
            var found = new List<long>();
            var candidates = Enumerable.Range(0, (int)n).Select(i => (long)i).Where(i => scores.GetDouble((line * n) + i) > least)
                .OrderByDescending(i => scores.GetDouble((line * n) + i)).ThenBy(i => i);
            foreach (var box in candidates)
            {
                if (found.Count < most && !found.Exists(other => Overlap(Box(other), Box(box)) > overlap))
                {
                    chosen.SetLong((line * n) + found.Count, box);
                    found.Add(box);
                }
            }

            counts.SetLong(line, found.Count);
            (double, double, double, double) Box(long i)
            {
                double At(int k) => boxes.GetDouble((((line / classes * n) + i) * 4) + k);
                return HasCenters
                    ? (At(0) - (At(2) / 2), At(1) - (At(3) / 2), At(0) + (At(2) / 2), At(1) + (At(3) / 2))
                    : (Math.Min(At(0), At(2)), Math.Min(At(1), At(3)), Math.Max(At(0), At(2)), Math.Max(At(1), At(3)));
            }
        }
    }

    public void Lower(LoopContext c)
    {
        var scoresType = c.InputType(1);
        var n = scoresType.Shape[2];
        var (classes, size, zero) = (scoresType.Shape[1], ExprFactory.Dim(n), ExprFactory.Int(0));
        var k = c.NewKernel("non_max_suppression");
        var (boxes, scores, most) = (c.Input(k, 0), c.Input(k, 1), c.Input(k, 2));
        var (overlap, least) = (c.Input(k, 3), c.Input(k, 4));
        var (chosen, counts) = (c.Output(k, 0), c.Output(k, 1));
        k.Parallel(scoresType.Shape[0] * classes, line =>
        {
            var (image, _) = c.Math.DivMod(line, classes);
            var (firstScore, firstBox) = (k.Let(line * size), k.Let(image * ExprFactory.Dim(n * 4)));
            Expr Score(Expr i) => ExprFactory.Load(scores, firstScore + i);
            var ids = k.Scratch("ids", ElementType.Int64, n);
            var candidates = k.Declare(zero, "candidates");
            k.Serial(size, i => k.If(ExprFactory.Less(ExprFactory.Load(least, zero), Score(i)), () =>
            {
                k.Store(ids, ExprFactory.Read(candidates), i);
                k.Assign(candidates, ExprFactory.Read(candidates) + 1);
            }));
            var heap = new HeapSelect(k, ids, (a, b) =>
            {
                var (x, y) = (k.Let(Score(a)), k.Let(Score(b)));
                return ExprFactory.Or(ExprFactory.Less(y, x), ExprFactory.And(ExprFactory.Equal(x, y), ExprFactory.Less(a, b)));
            });
            var total = k.Let(ExprFactory.Read(candidates));
            heap.Build(total);
            heap.Sort(total);

            var found = k.Declare(zero, "found");
            k.Serial(total, i => k.If(ExprFactory.Less(ExprFactory.Read(found), ExprFactory.Load(most, zero)), () =>
            {
                var id = k.Let(heap.Id(i));
                var box = Box(id);
                var isFree = k.Declare(ExprFactory.Bool(true), "is_free");
                var other = k.Declare(zero, "other");
                k.While(ExprFactory.And(ExprFactory.Read(isFree), ExprFactory.Less(ExprFactory.Read(other), ExprFactory.Read(found))), () =>
                {
                    var shared = Overlap(k, Box(k.Let(ExprFactory.Load(chosen, firstScore + ExprFactory.Read(other)))), box);
                    k.Assign(isFree, ExprFactory.LessOrEqual(shared, ExprFactory.Load(overlap, zero)));
                    k.Assign(other, ExprFactory.Read(other) + 1);
                });
                k.If(ExprFactory.Read(isFree), () =>
                {
                    k.Store(chosen, firstScore + ExprFactory.Read(found), id);
                    k.Assign(found, ExprFactory.Read(found) + 1);
                });
            }));
            k.Serial(ExprFactory.Read(found), size, i => k.Store(chosen, firstScore + i, zero));
            k.Store(counts, line, ExprFactory.Read(found));

            (Expr, Expr, Expr, Expr) Box(Expr i)
            {
                var p = Enumerable.Range(0, 4).Select(m => k.Let(ExprFactory.Load(boxes, firstBox + (i * 4) + m))).ToArray();
                var half = ExprFactory.Float(0.5, p[0].Type);
                return HasCenters
                    ? (k.Let(p[0] - (p[2] * half)), k.Let(p[1] - (p[3] * half)), k.Let(p[0] + (p[2] * half)), k.Let(p[1] + (p[3] * half)))
                    : (k.Let(ExprFactory.Min(p[0], p[2])), k.Let(ExprFactory.Min(p[1], p[3])), k.Let(ExprFactory.Max(p[0], p[2])),
                        k.Let(ExprFactory.Max(p[1], p[3])));
            }
        });
        c.Launch(k, n * 64);
    }

    /// <summary>Intersection over union; 0 where a box has no area.</summary>
    private static double Overlap((double Y, double X, double EndY, double EndX) a, (double Y, double X, double EndY, double EndX) b)
    {
        var height = Math.Max(0, Math.Min(a.EndY, b.EndY) - Math.Max(a.Y, b.Y));
        var width = Math.Max(0, Math.Min(a.EndX, b.EndX) - Math.Max(a.X, b.X));
        var shared = height * width;
        var all = ((a.EndY - a.Y) * (a.EndX - a.X)) + ((b.EndY - b.Y) * (b.EndX - b.X)) - shared;
        return shared <= 0 || all <= 0 ? 0 : shared / all;
    }

    private static Expr Overlap(KernelBuilder k, (Expr Y, Expr X, Expr EndY, Expr EndX) a, (Expr Y, Expr X, Expr EndY, Expr EndX) b)
    {
        var zero = ExprFactory.Literal(0, a.Y.Type);
        var height = ExprFactory.Max(zero, ExprFactory.Min(a.EndY, b.EndY) - ExprFactory.Max(a.Y, b.Y));
        var width = ExprFactory.Max(zero, ExprFactory.Min(a.EndX, b.EndX) - ExprFactory.Max(a.X, b.X));
        var shared = k.Let(height * width);
        var all = k.Let(((a.EndY - a.Y) * (a.EndX - a.X)) + ((b.EndY - b.Y) * (b.EndX - b.X)) - shared);
        var isApart = ExprFactory.Or(ExprFactory.LessOrEqual(shared, zero), ExprFactory.LessOrEqual(all, zero));
        return k.Let(ExprFactory.Select(isApart, zero, ExprFactory.Binary(BinaryOp.Div, shared, all)));
    }
}
