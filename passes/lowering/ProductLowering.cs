using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>A matrix product <c>[batch, rows, depth] x [batch, depth, columns]</c>.</summary>
internal abstract class ProductLowering : RootLowering
{
    protected ProductLowering(ProgramBuilder program, LoweringGroup group)
        : base(program, group)
    {
        var (a, b, output) = (Root.Inputs[0], Root.Inputs[1], Root.Output.Type.Shape);
        (Columns, Depth) = (output[^1], a.Type.Shape[^1]);

        // With one B for all batches the leading axes of A are just more rows, where A lies in memory without gaps.
        JoinsRows = output.Rank > 2 && b.Type.Shape.Dims[..^2].All(d => d.Is(1)) && !group.Contains(a)
            && a.Type.Shape.Dims[..^1].SequenceEqual(output.Dims[..^1]);
        Batch = JoinsRows ? [] : new Shape(output.Dims[..^2]);
        Rows = JoinsRows ? new Shape(output.Dims[..^1]).ElementCount(program.Dims) : output[^2];
    }

    protected Dim Rows { get; }

    protected Dim Columns { get; }

    protected Dim Depth { get; }

    protected Shape Batch { get; }

    /// <summary>The leading axes of A are rows like any other.</summary>
    protected bool JoinsRows { get; }

    protected ElementType Accumulator => ((MatMul)Root.Op).Accumulator;

    protected override Dim Flops => Batch.ElementCount(Program.Dims) * Rows * Columns * Depth * 2;

    /// <summary>The index of the product with a number.</summary>
    protected Expr[] BatchIndex(Expr number)
    {
        var index = Program.Math.Delinearize(number, Batch);
        for (var axis = 0; axis < index.Length; axis++)
        {
            index[axis] = Kernel.LetWithin(index[axis], Batch[axis], "b");
        }

        return index;
    }

    protected Expr[] OperandIndex(Value operand, Expr[] batchIndex, Expr row, Expr column)
    {
        var own = new Shape(operand.Type.Shape.Dims[..^2]);
        var leading = JoinsRows ? [.. own.Dims.Select(_ => ExprFactory.Int(0))] : NodeContext.BroadcastIndex(Emitter, own, Batch, batchIndex);
        return [.. leading, row, column];
    }

    protected Expr[] OutputIndex(Expr[] batchIndex, Expr row, Expr column)
    {
        var rows = JoinsRows ? Program.Math.Delinearize(row, new Shape(Root.Output.Type.Shape.Dims[..^1])) : [.. batchIndex, row];
        return [.. rows, column];
    }
}
