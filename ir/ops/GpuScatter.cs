using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Scatters on a GPU with the same bits every time. Updates are sorted by the row that they go to and then by their number, so that those of a row are
/// neighbours and in order; a block takes what goes to one row. A row's few updates apply one after the other, as on a processor; many are combined by parts
/// first. Few updates of long rows are applied in order by a thread for each element of a row.
/// </summary>
/// <param name="c">Where kernels are written.</param>
/// <param name="reduction">What becomes of the old element.</param>
/// <param name="updates">How many rows of updates there are.</param>
/// <param name="rows">Rows of the target.</param>
/// <param name="slice">Elements of a row.</param>
internal sealed class GpuScatter(LoopContext c, ScatterReduction reduction, Dim updates, Dim rows, Dim slice)
{
    /// <summary>Updates up to which their order is kept by doing one after the other.</summary>
    private const long FewUpdates = 16;

    /// <summary>Updates of one row up to which a thread applies all of them.</summary>
    private const long ShortRun = 32;

    /// <summary>Columns that a block takes at a time where a row has many updates.</summary>
    private const int Columns = 32;

    private const int Parts = GpuModel.BlockThreads / Columns;

    /// <summary>The row that an update goes to, safe where the condition given back holds; it writes statements and checks.</summary>
    public delegate (Expr Row, Expr IsValid) Target(KernelBuilder kernel, KernelBuffer indices, Expr update);

    /// <summary>1 where there are few updates, else 0.</summary>
    public static Dim AreFew(Dim updates) => updates.Context.Const(FewUpdates).FloorDiv(updates.Max(1)).Min(1);

    /// <summary>
    /// Where <paramref name="when"/> is 1 and not 0: sorts the updates and applies those of each row. Indices and updates are inputs 1 and 2; the output holds
    /// the data.
    /// </summary>
    public void Sorted(string name, Target target, Dim when)
    {
        if (when.Is(0))
        {
            return;
        }

        var order = c.Temporary(ElementType.Int64, [updates * when]);
        new BlockSort(c, c.Dims.One, updates) { When = when }.Run(name, k =>
        {
            var (from, to) = (c.Input(k, 1), c.Use(k, order, isWritten: true));
            return ((_, _, update) =>
            {
                // An update that goes nowhere comes after all rows.
                var (row, isValid) = target(k, from, update);
                return k.Let((ExprFactory.Select(isValid, row, ExprFactory.Dim(rows)) * ExprFactory.Dim(updates)) + update, "key");
            }, (_, _, place, key) => k.Store(to, place, key));
        });
        Apply(name, order, when);
    }

    /// <summary>Where <paramref name="when"/> is 1 and not 0: applies one update after the other, all elements of a row side by side.</summary>
    public void InOrder(string name, Target target, Dim when)
    {
        if (when.Is(0))
        {
            return;
        }

        var k = c.NewKernel(name);
        var (from, values, y) = (c.Input(k, 1), c.Input(k, 2), c.Output(k, 0));
        k.Parallel(slice * when, i => k.Serial(ExprFactory.Dim(updates), update =>
        {
            var (row, isValid) = target(k, from, update);
            var place = k.Let((row * ExprFactory.Dim(slice)) + i, "place");
            k.If(isValid, () => k.Store(y, place,
                reduction.Combine(ExprFactory.Load(y, place), ExprFactory.Load(values, (update * ExprFactory.Dim(slice)) + i))));
        }));
        c.Launch(k, updates * 4);
    }

    private void Apply(string name, int order, Dim when)
    {
        var k = c.NewKernel(name + "_apply");
        k.ThreadsPerItem = slice.IsConstant && slice.Constant <= GpuModel.WarpThreads ? 1 : GpuModel.BlockThreads;
        var (sorted, values, y) = (c.Use(k, order, isWritten: false), c.Input(k, 2), c.Output(k, 0));
        var (total, width) = (ExprFactory.Dim(updates), ExprFactory.Dim(slice));
        var blocks = k.ThreadsPerItem == 1 ? c.Dims.One : slice.CeilDiv(GpuModel.BlockThreads);
        Expr Key(Expr place) => ExprFactory.Load(sorted, place);
        Expr Row(Expr place) => ExprFactory.Binary(BinaryOp.FloorDiv, Key(place), total);
        Expr Value(Expr place, Expr i) =>
            ExprFactory.Load(values, (ExprFactory.Binary(BinaryOp.Mod, Key(place), total) * width) + i);
        k.Parallel(updates * blocks * when, item =>
        {
            var (place, block) = blocks.Is(1) ? (item, ExprFactory.Int(0)) : c.Math.DivMod(item, blocks);
            place = k.LetWithin(place, updates, "place");
            var row = k.Let(Row(place), "row");

            // Without a reduction the last update of a row is the one that stays.
            var neighbour = reduction == ScatterReduction.None ? place + 1 : place - 1;
            var isThere = reduction == ScatterReduction.None ? ExprFactory.Less(neighbour, total) : ExprFactory.LessOrEqual(ExprFactory.Int(0), neighbour);
            var safe = k.Let(ExprFactory.Select(isThere, neighbour, place));
            var isOwner = ExprFactory.Or(ExprFactory.Not(isThere), ExprFactory.Binary(BinaryOp.NotEqual, k.Let(Row(safe)), row));
            k.If(ExprFactory.And(k.Let(isOwner, "owns"), ExprFactory.Less(row, ExprFactory.Dim(rows))), () =>
            {
                var to = k.Let(row * width, "to");
                if (k.ThreadsPerItem == 1)
                {
                    var last = reduction == ScatterReduction.None ? place : EndOf(k, sorted, row, place);
                    k.Serial(width, i => InTurn(k, i, last));
                    return;
                }

                var begin = k.Let(block * GpuModel.BlockThreads, "begin");
                var count = k.Let(ExprFactory.Min(width - begin, ExprFactory.Int(GpuModel.BlockThreads)), "count");
                if (reduction == ScatterReduction.None)
                {
                    k.Vector(count, i => InTurn(k, begin + i, place));
                    return;
                }

                var end = EndOf(k, sorted, row, place);
                k.If(ExprFactory.LessOrEqual(end - place, ExprFactory.Int(ShortRun)), () => k.Vector(count, i => InTurn(k, begin + i, end)),
                    () => ByParts(k, end, begin, count));

                void ByParts(KernelBuilder k, Expr end, Expr begin, Expr count)
                {
                    var parts = k.Shared("parts", y.Type, GpuModel.BlockThreads);
                    k.Serial(ExprFactory.Binary(BinaryOp.FloorDiv, count + (Columns - 1), ExprFactory.Int(Columns)), strip =>
                    {
                        var first = k.Let(begin + (strip * Columns), "first");
                        k.Vector(ExprFactory.Int(GpuModel.BlockThreads), thread =>
                        {
                            var column = k.Let(first + ExprFactory.Binary(BinaryOp.Mod, thread, ExprFactory.Int(Columns)), "column");
                            var part = k.Let(ExprFactory.Binary(BinaryOp.FloorDiv, thread, ExprFactory.Int(Columns)), "part");
                            k.If(ExprFactory.Less(column, width), () =>
                            {
                                // There are more updates than parts: each has one to begin with.
                                var sum = k.Declare(Value(place + part, column), "sum");
                                var rounds = k.Let(ExprFactory.Binary(BinaryOp.FloorDiv, end - place - part + (Parts - 1), ExprFactory.Int(Parts)), "rounds");
                                k.Serial(ExprFactory.Int(1), rounds, round =>
                                    k.Assign(sum, reduction.Combine(ExprFactory.Read(sum), Value(place + part + (round * Parts), column))));
                                k.Store(parts, thread, ExprFactory.Read(sum));
                            });
                        });
                        k.Barrier();
                        k.Vector(ExprFactory.Int(Columns), lane => k.If(ExprFactory.Less(first + lane, width), () =>
                        {
                            var sum = k.Let(ExprFactory.Load(parts, lane));
                            for (var part = 1; part < Parts; part++)
                            {
                                sum = k.Let(reduction.Combine(sum, ExprFactory.Load(parts, lane + (part * Columns))));
                            }

                            k.Store(y, to + first + lane, reduction.Combine(ExprFactory.Load(y, to + first + lane), sum));
                        }));
                        k.Barrier();
                    });
                }

                void InTurn(KernelBuilder k, Expr i, Expr end)
                {
                    if (reduction == ScatterReduction.None)
                    {
                        k.Store(y, to + i, Value(place, i));
                        return;
                    }

                    var element = k.Declare(ExprFactory.Load(y, to + i), "element");
                    k.Serial(place, end, p => k.Assign(element, reduction.Combine(ExprFactory.Read(element), Value(p, i))));
                    k.Store(y, to + i, ExprFactory.Read(element));
                }
            });
        });
        c.Launch(k, slice.Min(GpuModel.BlockThreads) * 4);
    }

    /// <summary>The place after the last update of a row, of which one is at <paramref name="place"/>.</summary>
    private Expr EndOf(KernelBuilder k, KernelBuffer sorted, Expr row, Expr place)
    {
        var next = k.Let((row + 1) * ExprFactory.Dim(updates), "next");
        var low = k.Declare(place + 1, "low");
        var high = k.Declare(ExprFactory.Dim(updates), "high");
        k.While(ExprFactory.Less(ExprFactory.Read(low), ExprFactory.Read(high)), () =>
        {
            var middle = k.Let(ExprFactory.Binary(BinaryOp.ShiftRight, ExprFactory.Read(low) + ExprFactory.Read(high), ExprFactory.Int(1)), "middle");
            k.If(ExprFactory.Less(ExprFactory.Load(sorted, middle), next), () => k.Assign(low, middle + 1), () => k.Assign(high, middle));
        });
        return k.Let(ExprFactory.Read(low), "end");
    }
}
