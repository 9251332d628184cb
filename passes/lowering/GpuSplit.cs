using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// The depth of a product cut into shares, for products with few tiles and a long depth: gradients of weights, decoding, late convolutions of single images. A
/// first kernel writes the product of each share, a second one adds the shares up, in order, and goes on with the epilogue. At sizes that make one share
/// the first has no work, and the kernels for whole products run in the place of the second.
/// </summary>
internal sealed class GpuSplit
{
    /// <summary>Blocks that keep a GPU busy.</summary>
    private const long BusyBlocks = 256;

    /// <summary>The least depth of a share.</summary>
    private const long LeastShare = 256;

    /// <summary>Shares begin at its multiples, so that pieces are whole and copies aligned.</summary>
    private const long Granularity = 64;

    private GpuSplit(ProgramBuilder program, Dim shares, Dim share, Dim outputs, ElementType accumulator)
    {
        (Shares, Share, Outputs) = (shares, share, outputs);
        IsSplit = (shares - 1).Min(1).Max(0);
        Parts = program.New(new TensorType(accumulator, [shares * IsSplit, outputs]), BufferStorage.Arena, null);
    }

    /// <summary>How many shares there are.</summary>
    public Dim Shares { get; }

    /// <summary>The depth of all shares but the last, which has the rest.</summary>
    public Dim Share { get; }

    /// <summary>Elements of the product.</summary>
    public Dim Outputs { get; }

    /// <summary>1 where there is more than one share, else 0.</summary>
    public Dim IsSplit { get; }

    /// <summary>The product of each share, row-major: <c>[shares, outputs]</c>; without elements where there is one share.</summary>
    public LoweredBuffer Parts { get; }

    /// <summary>How a product is to be split, or null for never.</summary>
    /// <param name="program">Where the parts go.</param>
    /// <param name="blocks">Tiles of the whole product.</param>
    /// <param name="depth">Its depth.</param>
    /// <param name="outputs">Its elements.</param>
    /// <param name="accumulator">Their type while they are summed up.</param>
    public static GpuSplit? For(ProgramBuilder program, Dim blocks, Dim depth, Dim outputs, ElementType accumulator)
    {
        var most = depth.FloorDiv(LeastShare);
        var wanted = program.Dims.Const(BusyBlocks).FloorDiv(blocks.Max(1)).Min(most).Max(1);
        var share = depth.CeilDiv(wanted).CeilDiv(Granularity).Max(1) * Granularity;
        var shares = depth.CeilDiv(share);

        // Two shares are not worth kernels of their own.
        return program.Facts.ProveLess(wanted, 2) == Proof.True || program.Facts.ProveLess(most, 3) == Proof.True ? null : new GpuSplit(program, shares, share, outputs, accumulator);
    }

    /// <summary>Writes the kernel that adds up the parts; the rest of the group follows.</summary>
    /// <param name="program">The program.</param>
    /// <param name="group">The product and its epilogue.</param>
    /// <param name="emitter">Writes it.</param>
    /// <param name="parts">The parameter for <see cref="Parts"/>.</param>
    public void WriteSums(ProgramBuilder program, LoweringGroup group, GroupEmitter emitter, KernelBuffer parts)
    {
        var kernel = emitter.Kernel;
        var (output, shape) = (group.Root.Output, group.Root.Output.Type.Shape);
        kernel.Parallel(Outputs, item =>
        {
            var index = program.Math.Delinearize(item, shape);
            for (var axis = 0; axis < index.Length; axis++)
            {
                index[axis] = kernel.LetWithin(index[axis], shape[axis]);
            }

            var sum = kernel.Declare(ExprFactory.Load(parts, item), "sum");
            kernel.Serial(ExprFactory.Int(1), ExprFactory.Dim(Shares), share =>
                kernel.Assign(sum, ExprFactory.Read(sum) + ExprFactory.Load(parts, (share * ExprFactory.Dim(Outputs)) + item)));
            var element = kernel.Let(ExprFactory.Read(sum), "product");
            emitter.Give(output, _ => element);
            emitter.Store(group.Outputs, index);
        });
    }
}
