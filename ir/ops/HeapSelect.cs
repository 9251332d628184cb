using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// Writes heap selection and sorting of ids into a kernel: of candidates in order, keep the first <c>capacity</c> by a total order, then
/// sort them. The order is given as an expression (it may write statements before it), so equal keys are told apart by id there.
/// </summary>
/// <param name="k">The kernel.</param>
/// <param name="ids">i64 memory of the heap: its root, element 0, comes last in the order.</param>
/// <param name="comesBefore">Whether id a comes before id b.</param>
internal sealed class HeapSelect(KernelBuilder k, KernelBuffer ids, Func<Expr, Expr, Expr> comesBefore)
{
    private static readonly Expr Zero = ExprFactory.Int(0);
    private static readonly Expr One = ExprFactory.Int(1);

    /// <summary>The id in a slot.</summary>
    public Expr Id(Expr slot) => ExprFactory.Load(ids, slot);

    /// <summary>Puts ids 0 ... size-1 into the slots and makes them a heap.</summary>
    public void Start(Expr size)
    {
        k.Serial(size, i => k.Store(ids, i, i));
        Build(size);
    }

    /// <summary>Makes a heap of the ids in the first <paramref name="size"/> slots.</summary>
    public void Build(Expr size)
    {
        var half = k.Let(ExprFactory.Binary(BinaryOp.FloorDiv, size, ExprFactory.Int(2)));
        k.Serial(half, i => SiftDown(half - 1 - i, size));
    }

    /// <summary>Takes an id in place of the root where it comes before it. The heap is not empty.</summary>
    public void Offer(Expr id, Expr size) => k.If(comesBefore(id, k.Let(Id(Zero))), () =>
    {
        k.Store(ids, Zero, id);
        SiftDown(Zero, size);
    });

    /// <summary>Turns the heap in the first <paramref name="size"/> slots into a sorted list.</summary>
    public void Sort(Expr size) => k.Serial(ExprFactory.Max(size - 1, Zero), i =>
    {
        var last = k.Let(size - 1 - i);
        var id = k.Let(Id(last));
        k.Store(ids, last, Id(Zero));
        k.Store(ids, Zero, id);
        SiftDown(Zero, last);
    });

    private void SiftDown(Expr slot, Expr size)
    {
        var hole = k.Declare(slot, "hole");
        var id = k.Let(Id(slot));
        var child = k.Declare((slot * 2) + 1, "child");
        k.While(ExprFactory.Less(ExprFactory.Read(child), size), () =>
        {
            var right = k.Let(ExprFactory.Read(child) + One);
            k.If(ExprFactory.Less(right, size), () =>
            {
                var (l, r) = (k.Let(Id(ExprFactory.Read(child))), k.Let(Id(right)));
                k.If(comesBefore(l, r), () => k.Assign(child, right));
            });
            var lower = k.Let(Id(ExprFactory.Read(child)));
            k.If(comesBefore(id, lower), () =>
            {
                k.Store(ids, ExprFactory.Read(hole), lower);
                k.Assign(hole, ExprFactory.Read(child));
                k.Assign(child, (ExprFactory.Read(child) * 2) + 1);
            }, () => k.Assign(child, size));
        });
        k.Store(ids, ExprFactory.Read(hole), id);
    }
}
