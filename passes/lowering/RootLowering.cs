using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>A group with a matrix product or a convolution at its root, on its way to a kernel of tiles.</summary>
internal abstract class RootLowering
{
    private GpuSplit? _split;

    // Where the kernel that is being written stores the product of a share; null where it makes whole products.
    private KernelBuffer? _parts;
    private Expr _share = ExprFactory.Int(0);

    protected RootLowering(ProgramBuilder program, LoweringGroup group)
    {
        Program = program;
        Group = group;
        Root = group.Root;
        Emitter = NewEmitter();
    }

    protected ProgramBuilder Program { get; }

    protected LoweringGroup Group { get; }

    protected Node Root { get; }

    /// <summary>Writes into the kernel that is being made.</summary>
    protected GroupEmitter Emitter { get; set; }

    protected KernelBuilder Kernel => Emitter.Kernel;

    /// <summary>Operations of the root.</summary>
    protected abstract Dim Flops { get; }

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
            if (_parts is not null)
            {
                var place = Program.Math.Linearize(index(r, c), Root.Output.Type.Shape);
                Kernel.Store(_parts, Program.Math.Canonical((_share * ExprFactory.Dim(_split!.Outputs)) + place), element);
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
        _split = split;
        if (split is not null)
        {
            LaunchTiles(shareTiles, split.Share, true, Flops * split.IsSplit, write);
        }

        LaunchTiles(tiles, depth, false, split is null ? Flops : Flops * (1 - split.IsSplit), write);
    }

    /// <summary>The work items of a kernel for all tiles.</summary>
    protected Dim Items(Dim tiles) => _parts is null ? tiles : tiles * _split!.Shares * _split.IsSplit;

    /// <summary>What a work item does: the number of its tile, and the depth with the position there that a position of its own stands for.</summary>
    protected (Expr Tile, Expr Depth, Func<Expr, Expr> At) ShareOf(Expr item, Dim tiles, Dim depth)
    {
        if (_parts is null)
        {
            return (item, ExprFactory.Dim(depth), k => k);
        }

        (_share, var tile) = Program.Math.DivMod(item, tiles);
        _share = Kernel.LetWithin(_share, _split!.Shares, "share");
        var begin = Kernel.Let(_share * ExprFactory.Dim(_split.Share), "begin");
        var count = Kernel.Let(ExprFactory.Min(ExprFactory.Dim(depth) - begin, ExprFactory.Dim(_split.Share)), "depth");
        return (Kernel.LetWithin(tile, tiles, "tile"), count, k => Kernel.LetWithin(begin + k, depth, "k"));
    }

    private void LaunchTiles(List<(int Rows, int Columns, Dim When)> tiles, Dim depth, bool isShare, Dim flops, Action<int, int> write)
    {
        var alternatives = new List<(Dim When, KernelBuilder Kernel)>();
        Begin(isShare);
        write(tiles[^1].Rows, tiles[^1].Columns);
        var main = Emitter;
        if (_split is not null && !isShare)
        {
            var parts = Begin(isShare);
            Emitter.TakeParameters(main);
            Kernel.ThreadsPerItem = 1;
            _split.WriteSums(Program, Group, Emitter, parts!);
            if (!Emitter.Arguments.SequenceEqual(main.Arguments))
            {
                throw new InvalidOperationException("the sums of shares read what the product does not");
            }

            alternatives.Add((_split.IsSplit, Kernel));
        }

        foreach (var (rows, columns, when) in tiles.SkipLast(1))
        {
            Begin(isShare);
            Emitter.TakeParameters(main);
            write(rows, columns);
            if (Emitter.Arguments.SequenceEqual(main.Arguments))
            {
                alternatives.Add((when, Kernel));
            }
        }

        Program.Launch(main.Kernel, main.Arguments, depth * tiles[^1].Rows * tiles[^1].Columns, Group.Node.Origins, flops, inPlace: !isShare,
            alternatives: [.. alternatives]);
    }

    /// <summary>Begins a kernel whose first parameter is the parts, where there are any.</summary>
    private KernelBuffer? Begin(bool isShare)
    {
        Emitter = NewEmitter();
        var parts = _split is null ? null : Emitter.Add(_split.Parts, "part", isShare);
        _parts = isShare ? parts : null;
        return parts;
    }
}
