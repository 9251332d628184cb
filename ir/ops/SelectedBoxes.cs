using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Lists the first <c>count</c> entries of each line: from i64 <c>entries [B, C, N]</c> and <c>count [B, C]</c> the triples (b, c, entry) in order,
/// <c>[Count, 3]</c>. <paramref name="Count"/> is the sum of the counts, bound before. Puts out the boxes of <see cref="NonMaxSuppression"/>.
/// </summary>
public sealed record SelectedBoxes(Dim Count) : Op, ILoops
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(2);
        c.ExpectRank(0, 3);
        c.ExpectRank(1, 2);
        c.ExpectElement(0, t => t == ElementType.Int64, "i64 entries");
        c.ExpectElement(1, t => t == ElementType.Int64, "i64 counts");
        c.RequireEqual(c.Input(0).Shape[0], c.Input(1).Shape[0], "batch");
        c.RequireEqual(c.Input(0).Shape[1], c.Input(1).Shape[1], "classes");
        c.Output(ElementType.Int64, [Count, c.Dims.Const(3)]);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (entries, counts, output) = (c.Input(0), c.Input(1), c.NewOutput());
        var (n, at) = (entries.Dims[2], 0L);
        for (var line = 0L; line < counts.Count; line++)
        {
            for (var i = 0L; i < counts.GetLong(line) && at < output.Dims[0]; i++, at++)
            {
                output.SetLong(at * 3, line / counts.Dims[1]);
                output.SetLong((at * 3) + 1, line % counts.Dims[1]);
                output.SetLong((at * 3) + 2, entries.GetLong((line * n) + i));
            }
        }
    }

    public void Lower(LoopContext c)
    {
        var shape = c.InputType(0).Shape;
        var (zero, n) = (ExprFactory.Int(0), ExprFactory.Dim(shape[2]));
        var k = c.NewKernel("selected_boxes");
        var (entries, counts, y) = (c.Input(k, 0), c.Input(k, 1), c.Output(k, 0));
        k.Parallel(c.Dims.One, _ =>
        {
            var at = k.Declare(zero, "at");
            k.Serial(ExprFactory.Dim(shape[0]), b => k.Serial(ExprFactory.Dim(shape[1]), kind =>
            {
                var line = k.Let((b * ExprFactory.Dim(shape[1])) + kind);
                var room = ExprFactory.Min(n, ExprFactory.Dim(Count) - ExprFactory.Read(at));
                var count = k.Let(ExprFactory.Max(zero, ExprFactory.Min(ExprFactory.Load(counts, line), room)));
                var start = k.Let(ExprFactory.Read(at));
                k.Serial(count, i =>
                {
                    k.Store(y, (start + i) * 3, b);
                    k.Store(y, ((start + i) * 3) + 1, kind);
                    k.Store(y, ((start + i) * 3) + 2, ExprFactory.Load(entries, (line * n) + i));
                });
                k.Assign(at, start + count);
            }));
            k.Serial(ExprFactory.Read(at) * 3, ExprFactory.Dim(Count * 3), i => k.Store(y, i, zero));
        });
        c.Launch(k, (shape[0] * shape[1] * 8) + (Count * 4));
    }
}
