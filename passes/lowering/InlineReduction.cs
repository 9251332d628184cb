using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;

namespace Dlc.Passes.Lowering;

/// <summary>A reduction as a serial loop at the place where its result is pulled: lanes run over the axes that stay.</summary>
internal static class InlineReduction
{
    public static Expr Emit(GroupEmitter emitter, Node node, Reduce reduce, Expr[] index)
    {
        var kernel = emitter.Kernel;
        var input = node.Inputs[0];
        var element = node.Output.Type.Element;
        var sum = element is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : element;
        var accumulator = kernel.Declare(reduce.Kind.Neutral(sum), "acc");
        var at = index.ToArray();
        void Level(int depth)
        {
            if (depth == reduce.Axes.Count)
            {
                var value = ExprFactory.Cast(sum, emitter.Pull(input, [.. at]));
                kernel.Assign(accumulator, ExprFactory.Binary(reduce.Kind.Operator(), ExprFactory.Read(accumulator), value));
                return;
            }

            var axis = reduce.Axes[depth];
            kernel.Serial(ExprFactory.Dim(input.Type.Shape[axis]), i =>
            {
                at[axis] = i;
                Level(depth + 1);
            });
        }

        Level(0);
        return kernel.Let(ExprFactory.Cast(element, ExprFactory.Read(accumulator)), "r");
    }
}
