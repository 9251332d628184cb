using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// How a product reads an operand: an input of the group at <c>base + row*RowStride + column*ColumnStride</c>, found by pulling the operand with
/// variables for its last two axes.
/// </summary>
internal sealed record Operand(Value Input, Dim RowStride, Dim ColumnStride)
{
    /// <summary>The access of an operand, or null when it is not linear in its last two axes.</summary>
    public static Operand? Of(ProgramBuilder program, LoweringGroup group, Value operand)
    {
        var kernel = new KernelBuilder("dry", program.Dims);
        var emitter = new GroupEmitter(program, group, kernel);
        var shape = operand.Type.Shape;
        Operand? found = null;
        void Nest(int axis, Expr[] index)
        {
            if (axis < shape.Rank)
            {
                kernel.Serial(ExprFactory.Dim(shape[axis]), i => Nest(axis + 1, [.. index, i]));
                return;
            }

            var (row, column) = (((VarExpr)index[^2]).Var, ((VarExpr)index[^1]).Var);
            if (emitter.Access(operand, index) is { } access
                && program.Math.Stride(access.Index, row) is { } rowStride
                && program.Math.Stride(access.Index, column) is { } columnStride)
            {
                found = new Operand(access.Input, rowStride, columnStride);
            }
        }

        kernel.Parallel(program.Dims.One, _ => Nest(0, []));
        return found;
    }
}
