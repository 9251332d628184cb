using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>A group with a matrix product or a convolution at its root, on its way to a kernel of tiles.</summary>
internal abstract class RootLowering : SplitLowering
{
    private Expr _share = ExprFactory.Int(0);

    protected RootLowering(ProgramBuilder program, LoweringGroup group)
        : base(program, group)
    {
        Root = group.Root;
        Emitter = NewEmitter();
    }

    protected Node Root { get; }

    /// <summary>Begins a kernel for the group.</summary>
    protected GroupEmitter NewEmitter() => new(Program, Group, new KernelBuilder(Group.KernelName(), Program.Dims)
    {
        ThreadsPerItem = Program.Machine.Gpu is null ? 1 : GpuTiles.Threads,
    });

    /// <summary>Runs the kernel of an emitter next.</summary>
    protected void Launch(GroupEmitter emitter, Dim workPerItem) =>
        Program.Launch(emitter.Kernel, emitter.Arguments, workPerItem, Group.Node.Origins, Flops, inPlace: true);

    /// <summary>
    /// Stores the elements of a tile of the root's output, and what the group makes of them, at their indices; of a share of the depth the elements alone.
    /// </summary>
    protected void Epilogue(Tile tile, Expr validColumns, Func<Expr, Expr, Expr[]> index, Expr? validRows = null) =>
        Kernel.ForEach(tile, validColumns, (r, c, element) =>
        {
            if (Parts is not null)
            {
                var place = Program.Math.Linearize(index(r, c), Root.Output.Type.Shape);
                Kernel.Store(Parts, Program.Math.Canonical((_share * ExprFactory.Dim(Split!.Outputs)) + place), element);
                return;
            }

            Emitter.Give(Root.Output, _ => element);
            Emitter.Store(Group.Outputs, index(r, c));
        }, validRows);

    /// <summary>
    /// Launches kernels for tiles of some sizes, of which a launch takes the first whose condition holds. Where the depth may be split, a launch before it computes
    /// the shares, and their sums take the place of the kernels for whole products.
    /// </summary>
    /// <param name="tiles">Edges of tiles; the last for all else.</param>
    /// <param name="depth">The depth of the product.</param>
    /// <param name="split">How it is split; null for never.</param>
    /// <param name="shareTiles">Edges of tiles for shares.</param>
    /// <param name="write">Writes the kernel for tiles of a size.</param>
    protected void LaunchTiles(List<(int Rows, int Columns, Dim When)> tiles, Dim depth, GpuSplit? split, List<(int Rows, int Columns, Dim When)> shareTiles,
        Action<int, int> write)
    {
        IReadOnlyList<((int Rows, int Columns), Dim)> Variants(List<(int Rows, int Columns, Dim When)> list) => [.. list.Select(t => ((t.Rows, t.Columns), t.When))];
        LaunchVariants(Variants(tiles), split, Variants(shareTiles), (tile, isShare) => (isShare ? split!.Share : depth) * tile.Rows * tile.Columns,
            tile => write(tile.Rows, tile.Columns));
    }

    protected override GroupEmitter NewEmitter(bool isShare) => NewEmitter();

    protected override void WriteWhole(KernelBuffer parts) => Split!.WriteSums(Program, Group, Emitter, parts);

    /// <summary>What a work item does: the number of its tile, and the depth with the position there that a position of its own stands for.</summary>
    protected (Expr Tile, Expr Depth, Func<Expr, Expr> At) ShareOf(Expr item, Dim tiles, Dim depth)
    {
        if (Parts is null)
        {
            return (item, ExprFactory.Dim(depth), k => k);
        }

        (_share, var tile) = Program.Math.DivMod(item, tiles);
        _share = Kernel.LetWithin(_share, Split!.Shares, "share");
        var begin = Kernel.Let(_share * ExprFactory.Dim(Split.Share), "begin");
        var count = Kernel.Let(ExprFactory.Min(ExprFactory.Dim(depth) - begin, ExprFactory.Dim(Split.Share)), "depth");
        return (Kernel.LetWithin(tile, tiles, "tile"), count, k => Kernel.LetWithin(begin + k, depth, "k"));
    }
}
