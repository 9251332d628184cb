using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// A group on its way to kernels of which a launch takes one by its dims, and whose work may be cut into shares (<see cref="GpuSplit"/>): then a launch before it
/// computes the shares, and what makes one result of them takes the place of the kernels for the whole.
/// </summary>
internal abstract class SplitLowering(ProgramBuilder program, LoweringGroup group)
{
    protected ProgramBuilder Program { get; } = program;

    protected LoweringGroup Group { get; } = group;

    /// <summary>Writes into the kernel that is being made.</summary>
    protected GroupEmitter Emitter { get; set; } = null!;

    protected KernelBuilder Kernel => Emitter.Kernel;

    /// <summary>Operations of the whole.</summary>
    protected abstract Dim Flops { get; }

    /// <summary>How the work is cut; null for never.</summary>
    protected GpuSplit? Split { get; private set; }

    /// <summary>Where the kernel that is being written stores the part of a share; null where it makes the whole.</summary>
    protected KernelBuffer? Parts { get; private set; }

    /// <summary>Begins a kernel, for shares or for the whole.</summary>
    protected abstract GroupEmitter NewEmitter(bool isShare);

    /// <summary>Writes the kernel that makes the whole of its parts; the rest of the group follows.</summary>
    protected abstract void WriteWhole(KernelBuffer parts);

    /// <summary>Launches kernels of which a launch takes the first whose condition holds.</summary>
    /// <param name="variants">The last for all else.</param>
    /// <param name="split">How the work is cut; null for never.</param>
    /// <param name="shareVariants">Those for shares.</param>
    /// <param name="work">Operations of a work item of a variant, for shares or for the whole.</param>
    /// <param name="write">Writes the kernel of a variant.</param>
    protected void LaunchVariants<T>(IReadOnlyList<(T Variant, Dim When)> variants, GpuSplit? split, IReadOnlyList<(T Variant, Dim When)> shareVariants,
        Func<T, bool, Dim> work, Action<T> write)
    {
        Split = split;
        if (split is not null)
        {
            LaunchVariants(shareVariants, true, Flops * split.IsSplit, work, write);
        }

        LaunchVariants(variants, false, split is null ? Flops : Flops * (1 - split.IsSplit), work, write);
    }

    /// <summary>The work items of a kernel, given those of the whole.</summary>
    protected Dim Items(Dim whole) => Parts is null ? whole : whole * Split!.Shares * Split.IsSplit;

    private void LaunchVariants<T>(IReadOnlyList<(T Variant, Dim When)> variants, bool isShare, Dim flops, Func<T, bool, Dim> work, Action<T> write)
    {
        var alternatives = new List<(Dim When, KernelBuilder Kernel)>();
        Begin(isShare);
        write(variants[^1].Variant);
        var main = Emitter;
        if (Split is not null && !isShare)
        {
            var parts = Begin(isShare);
            Emitter.TakeParameters(main);
            Kernel.ThreadsPerItem = 1;
            WriteWhole(parts!);
            if (!Emitter.Arguments.SequenceEqual(main.Arguments))
            {
                throw new InvalidOperationException("what joins the parts reads what the whole does not");
            }

            alternatives.Add((Split.IsSplit, Kernel));
        }

        foreach (var (variant, when) in variants.SkipLast(1))
        {
            Begin(isShare);
            Emitter.TakeParameters(main);
            write(variant);
            if (Emitter.Arguments.SequenceEqual(main.Arguments))
            {
                alternatives.Add((when, Kernel));
            }
        }

        Program.Launch(main.Kernel, main.Arguments, work(variants[^1].Variant, isShare), Group.Node.Origins, flops, inPlace: !isShare,
            alternatives: [.. alternatives]);
    }

    /// <summary>Begins a kernel whose first parameter is the parts, where there are any.</summary>
    private KernelBuffer? Begin(bool isShare)
    {
        Emitter = NewEmitter(isShare);
        var parts = Split is null ? null : Emitter.Add(Split.Parts, "part", isShare);
        Parts = isShare ? parts : null;
        return parts;
    }
}
