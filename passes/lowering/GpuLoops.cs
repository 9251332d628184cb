using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// The schedule of loop groups on a GPU: a work item is a thread and takes as many neighbouring elements of the innermost run as fill 16 bytes, where such
/// groups begin at multiples of 16 bytes whatever the dims; else one element. Neighbouring threads touch neighbouring memory.
/// </summary>
internal static class GpuLoops
{
    private const int AccessBytes = 16;

    /// <summary>More elements of small types would take registers without wider accesses to the others.</summary>
    private const int MaximumLanes = 8;

    public static void Run(ProgramBuilder program, LoweringGroup group, Dim flops, IReadOnlyDictionary<LoweredBuffer, Dim> sparse)
    {
        var kernel = new KernelBuilder(group.KernelName(), program.Dims);
        var emitter = new GroupEmitter(program, group, kernel);
        var perItem = Write(program, group, kernel, emitter);
        program.Launch(kernel, emitter.Arguments, perItem, group.Node.Origins, flops, sparse, inPlace: true);
    }

    /// <summary>Writes the kernel; gives the scalar operations of a work item.</summary>
    public static Dim Write(ProgramBuilder program, LoweringGroup group, KernelBuilder kernel, GroupEmitter emitter)
    {
        var dims = program.Dims;
        var shape = group.Outputs[0].Type.Shape;
        void WriteAll(GroupEmitter emitter, Expr[] index) => emitter.Store(group.Outputs, index);

        var space = IterationSpace.Of(program, group, shape, WriteAll);
        if (space.Runs.Count == 0)
        {
            kernel.Parallel(dims.One, _ => WriteAll(emitter, space.Index()));
            return dims.Const(group.Nodes.Length);
        }

        var lanes = Lanes(group);
        var last = space.Extents[^1];
        var outer = new Shape([.. space.Extents.Take(space.Extents.Count - 1)]);
        if (outer.Rank > 0 && (!last.IsConstant || last.Constant % lanes != 0))
        {
            lanes = 1;
        }

        var groups = last.CeilDiv(lanes);
        kernel.Parallel(outer.ElementCount(dims) * groups, item =>
        {
            var (row, number) = outer.Rank == 0 ? (ExprFactory.Int(0), item) : program.Math.DivMod(item, groups);
            var outerIndex = program.Math.Delinearize(row, outer);
            for (var axis = 0; axis < outerIndex.Length; axis++)
            {
                outerIndex[axis] = kernel.LetWithin(outerIndex[axis], outer[axis]);
            }

            void Write(Expr lane) => WriteAll(emitter, space.Index([.. outerIndex, kernel.LetWithin(lane, last)]));
            if (lanes == 1)
            {
                Write(number);
                return;
            }

            var start = kernel.Let(number * lanes, "start");
            void Whole() => kernel.Loop("v", ExprFactory.Int(0), ExprFactory.Int(lanes), LoopKind.Unrolled, v => Write(start + v));
            if (last is { IsConstant: true } && last.Constant % lanes == 0)
            {
                Whole();
                return;
            }

            kernel.If(ExprFactory.LessOrEqual(start + lanes, ExprFactory.Dim(last)), Whole,
                () => kernel.LoopWithin("v", start, ExprFactory.Dim(last), last, LoopKind.Serial, Write));
        });
        return dims.Const((long)lanes * group.Nodes.Length);
    }

    /// <summary>Elements that a thread takes; one where each is a loop of its own.</summary>
    private static int Lanes(LoweringGroup group)
    {
        if (group.Nodes.Any(n => n.Op is not (IElementwise or Reshape or Broadcast or Constant or Transpose or Slice)))
        {
            return 1;
        }

        var widest = group.Outputs.Max(o => o.Type.Element.Bytes());
        return Math.Min(MaximumLanes, AccessBytes / widest);
    }
}
