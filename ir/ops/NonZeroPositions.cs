using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// The row-major positions, ascending, of the elements of a bool tensor that are true: i64 <c>[Count]</c>. <paramref name="Count"/> is their number
/// (a symbol bound before), or fewer. What ONNX NonZero and Compress are made of.
/// </summary>
public sealed record NonZeroPositions(Dim Count) : Op, ILoops
{
    public override void Infer(InferContext c)
    {
        c.ExpectInputs(1);
        c.ExpectElement(0, t => t == ElementType.Bool, "a bool tensor");
        c.Output(ElementType.Int64, [Count]);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, output) = (c.Input(0), c.NewOutput());
        var count = 0L;
        for (var i = 0L; i < x.Count && count < output.Count; i++)
        {
            if (x.GetLong(i) != 0)
            {
                output.SetLong(count++, i);
            }
        }
    }

    public void Lower(LoopContext c)
    {
        var total = c.InputType(0).Shape.ElementCount(c.Dims);
        var k = c.NewKernel("non_zero");
        var (x, y) = (c.Input(k, 0), c.Output(k, 0));
        k.Parallel(c.Dims.One, _ =>
        {
            var count = k.Declare(ExprFactory.Int(0), "count");
            k.Serial(ExprFactory.Dim(total), i => k.If(ExprFactory.Load(x, i), () =>
            {
                k.Store(y, ExprFactory.Read(count), i, ExprFactory.Less(ExprFactory.Read(count), ExprFactory.Dim(Count)));
                k.Assign(count, ExprFactory.Read(count) + 1);
            }));

            // Whatever the count says, every element gets a position that exists.
            k.Serial(ExprFactory.Read(count), ExprFactory.Dim(Count), i => k.Store(y, i, ExprFactory.Int(0)));
        });
        c.Launch(k, total * 2);
    }
}
