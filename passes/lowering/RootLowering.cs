using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>A group with a matrix product or a convolution at its root, on its way to a kernel of tiles.</summary>
internal abstract class RootLowering
{
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
    protected void Launch(GroupEmitter emitter, Dim workPerItem, params ReadOnlySpan<(Dim When, KernelBuilder Kernel)> alternatives) =>
        Program.Launch(emitter.Kernel, emitter.Arguments, workPerItem, Group.Node.Origins, Flops, inPlace: true, alternatives: alternatives);

    /// <summary>Stores the elements of a tile of the root's output, and what the group makes of them, at their indices.</summary>
    protected void Epilogue(Tile tile, Expr validColumns, Func<Expr, Expr, Expr[]> index, Expr? validRows = null) =>
        Kernel.ForEach(tile, validColumns, (r, c, element) =>
        {
            Emitter.Give(Root.Output, _ => element);
            Emitter.Store(Group.Outputs, index(r, c));
        }, validRows);
}
