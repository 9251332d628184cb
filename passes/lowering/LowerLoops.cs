using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// The schedule of loop groups: one loop nest over the outputs' shape with neighbouring axes joined, the last run of axes in vector lanes and
/// cut in chunks, everything else work items.
/// </summary>
internal static class LowerLoops
{
    /// <summary>Elements of the innermost run that one work item takes: long enough to hide its overhead, short enough to spread.</summary>
    private const long Chunk = 2048;

    /// <summary>An innermost run shorter than this is joined with the rest at the price of a division per lane.</summary>
    private const long ShortRun = 8;

    public static void Run(ProgramBuilder program, LoweringGroup group)
    {
        if (program.Machine.Gpu is not null)
        {
            var (flops, sparse) = (Flops(group, program.Dims), Sparse(program, group));
            if (!GpuReduction.TryRun(program, group, flops, sparse) && !GpuTranspose.TryRun(program, group, flops, sparse))
            {
                GpuLoops.Run(program, group, flops, sparse);
            }

            return;
        }

        var shape = group.Outputs[0].Type.Shape;
        void WriteAll(GroupEmitter emitter, Expr[] index) => emitter.Store(group.Outputs, index);

        var space = IterationSpace.Of(program, group, shape, WriteAll);
        if (space.Runs.Count > 1 && space.Extents[^1] is { IsConstant: true, Constant: < ShortRun })
        {
            space = IterationSpace.Flat(program, shape);
        }

        var kernel = new KernelBuilder(group.KernelName(), program.Dims);
        var emitter = new GroupEmitter(program, group, kernel);
        var dims = program.Dims;
        if (space.Runs.Count == 0)
        {
            kernel.Parallel(dims.One, _ => WriteAll(emitter, space.Index()));
            program.Launch(kernel, emitter.Arguments, dims.Const(group.Nodes.Length), group.Node.Origins, Flops(group, dims), Sparse(program, group), inPlace: true);
            return;
        }

        var last = space.Extents[^1];
        var whole = last is { IsConstant: true, Constant: <= 2 * Chunk };
        var chunks = whole ? dims.One : last.CeilDiv(Chunk);
        var outer = new Shape([.. space.Extents.Take(space.Extents.Count - 1)]);
        kernel.Parallel(outer.ElementCount(dims) * chunks, item =>
        {
            var (row, chunk) = chunks.Is(1) ? (item, ExprFactory.Int(0)) : outer.Rank == 0 ? (ExprFactory.Int(0), item) : program.Math.DivMod(item, chunks);
            var outerIndex = program.Math.Delinearize(row, outer);
            for (var axis = 0; axis < outerIndex.Length; axis++)
            {
                outerIndex[axis] = kernel.LetWithin(outerIndex[axis], outer[axis]);
            }

            var start = kernel.Let(chunk * Chunk, "start");
            var end = whole ? ExprFactory.Dim(last) : kernel.Let(ExprFactory.Min(start + Chunk, ExprFactory.Dim(last)), "end");
            kernel.LoopWithin("v", start, end, last, LoopKind.Vector, lane => WriteAll(emitter, space.Index([.. outerIndex, lane])));
        });
        var length = whole ? last : dims.Const(Chunk);
        program.Launch(kernel, emitter.Arguments, length * group.Nodes.Length, group.Node.Origins, Flops(group, dims), Sparse(program, group), inPlace: true);
    }

    /// <summary>Each node costs about its elements, those that loop for each element as much more.</summary>
    private static Dim Flops(LoweringGroup group, DimContext dims)
    {
        var sum = dims.Zero;
        foreach (var node in group.Nodes.Where(n => n.Op is not (Constant or Reshape or Broadcast or Slice or Transpose)))
        {
            var count = node.Output.Type.Shape.ElementCount(dims);
            sum += node.Op switch
            {
                Conv => count * new Shape(node.Inputs[1].Type.Shape.Dims[1..]).ElementCount(dims) * 2,
                Reduce => node.Inputs[0].Type.Shape.ElementCount(dims),
                _ => count,
            };
        }

        return sum;
    }

    /// <summary>What gathers look up is read as often as there are results.</summary>
    private static Dictionary<LoweredBuffer, Dim> Sparse(ProgramBuilder program, LoweringGroup group)
    {
        var sparse = new Dictionary<LoweredBuffer, Dim>();
        foreach (var node in group.Nodes.Where(n => n.Op is Gather or GatherElements or GatherND && !group.Contains(n.Inputs[0])))
        {
            var table = node.Inputs[0];
            var buffer = program[group.Outer(table)];
            var read = node.Output.Type.Shape.ElementCount(program.Dims) * table.Type.Element.Bytes();
            sparse[buffer] = sparse.TryGetValue(buffer, out var other) ? other + read : read;
        }

        return sparse;
    }
}
