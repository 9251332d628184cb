using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>Loops that the kernels of several operators share: over the lines along an axis, over all elements.</summary>
internal static class LineLoops
{
    /// <summary>Contiguous elements that one work item handles.</summary>
    private const long BlockElements = 1024;

    /// <summary>The elements before, along and after an axis.</summary>
    public static (Dim Outer, Dim Extent, Dim Inner) Split(Shape shape, int axis, DimContext dims) =>
        (dims.Product(shape.Dims[..axis]), shape[axis], dims.Product(shape.Dims[(axis + 1)..]));

    /// <summary>
    /// One work item a line along an axis. The body gets the number of the line among the outer axes and among the inner ones, both from 0: element k of
    /// the line is at <c>(outer*extent + k)*Inner + inner</c>.
    /// </summary>
    public static void ForEachLine(LoopContext c, KernelBuilder k, Dim outer, Dim inner, Action<Expr, Expr> body) =>
        k.Parallel(outer * inner, i =>
        {
            var (o, n) = c.Math.DivMod(i, inner);
            body(k.Let(o), k.Let(n));
        });

    /// <summary>As <see cref="ForEachLine"/>, with neighbouring lines as the lanes of a vector where the axis is not the innermost.</summary>
    public static void ForEachLineOfVector(LoopContext c, KernelBuilder k, Dim outer, Dim inner, Action<Expr, Expr> body)
    {
        if (c.Machine.Gpu is not null && !inner.Is(1))
        {
            // A thread a line: neighbouring threads have neighbouring lines.
            ForEachLine(c, k, outer, inner, body);
            return;
        }

        if (inner.Is(1))
        {
            k.Parallel(outer, o => body(o, ExprFactory.Int(0)));
            return;
        }

        k.Parallel(outer * inner.CeilDiv(BlockElements), i =>
        {
            var (o, block) = c.Math.DivMod(i, inner.CeilDiv(BlockElements));
            var start = k.Let(block * BlockElements);
            k.Vector(ExprFactory.Min(ExprFactory.Dim(inner) - start, ExprFactory.Int(BlockElements)), lane => body(o, start + lane));
        });
    }

    /// <summary>A kernel that sets every element in [0, count) of <paramref name="target"/>.</summary>
    public static void Fill(LoopContext c, KernelBuilder k, KernelBuffer target, Dim count, Func<Expr, Expr> value)
    {
        if (c.Machine.Gpu is not null)
        {
            k.Parallel(count, i => k.Store(target, i, value(i)));
            c.Launch(k, c.Dims.One);
            return;
        }

        k.Parallel(count.CeilDiv(BlockElements), i =>
        {
            var start = k.Let(i * BlockElements);
            k.Vector(ExprFactory.Min(ExprFactory.Dim(count) - start, ExprFactory.Int(BlockElements)),
                lane => k.Store(target, start + lane, value(start + lane)));
        });
        c.Launch(k, c.Dims.Const(BlockElements));
    }

    /// <summary>A kernel that copies an input to an output of as many elements.</summary>
    public static void Copy(LoopContext c, string name, int input, int output)
    {
        var k = c.NewKernel(name);
        var (source, target) = (c.Input(k, input), c.Output(k, output));
        Fill(c, k, target, c.InputType(input).Shape.ElementCount(c.Dims), i => ExprFactory.Load(source, i));
    }

    /// <summary>Runs the body over blocks of [0, count): one work item and one vector loop each.</summary>
    public static void ForEachBlock(KernelBuilder k, Dim count, Action<Action<Action<Expr>>> body) =>
        k.Parallel(count.CeilDiv(BlockElements), i =>
        {
            var start = k.Let(i * BlockElements);
            body(each => k.Vector(ExprFactory.Min(ExprFactory.Dim(count) - start, ExprFactory.Int(BlockElements)), lane => each(start + lane)));
        });
}
