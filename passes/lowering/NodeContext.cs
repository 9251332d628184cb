using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>One node's view of the kernel that it is inlined into.</summary>
internal sealed class NodeContext(GroupEmitter emitter, Node node) : IndexContext
{
    /// <summary>Looks at where an input is read instead of reading it.</summary>
    public Action<int, Expr[]>? OnInput { get; init; }

    public override KernelBuilder Kernel => emitter.Kernel;

    public override IndexMath Math => emitter.Math;

    public override int InputCount => node.Inputs.Length;

    public override TensorType OutputType => node.Output.Type;

    public override TensorType InputType(int input) => node.Inputs[input].Type;

    public override Expr Input(int input, params Expr[] index)
    {
        if (OnInput is null)
        {
            return emitter.Pull(node.Inputs[input], index);
        }

        OnInput(input, index);
        return ExprFactory.Literal(0, node.Inputs[input].Type.Element);
    }

    public override Expr Broadcast(int input, Expr[] index) => Input(input, BroadcastIndex(emitter, node.Inputs[input].Type.Shape, OutputType.Shape, index));

    public override Expr Guarded(Expr condition, Func<Expr> value, Expr otherwise) => emitter.Guarded(condition, value, otherwise);

    public override void Check(Expr condition, string message) => emitter.Check(condition, message);

    /// <summary>The index in a shape that broadcasts to another, at an index of that other.</summary>
    public static Expr[] BroadcastIndex(GroupEmitter emitter, Shape from, Shape to, ReadOnlySpan<Expr> index)
    {
        var own = new Expr[from.Rank];
        for (var axis = 0; axis < own.Length; axis++)
        {
            var outer = axis + to.Rank - from.Rank;
            var (dim, target) = (from[axis], to[outer]);
            own[axis] = dim.Is(1) ? ExprFactory.Int(0)
                : ReferenceEquals(dim, target) || emitter.Program.Facts.ProveEqual(dim, target) == Proof.True ? index[outer]
                : index[outer] * ExprFactory.Dim((dim - 1).Min(emitter.Program.Dims.One));
        }

        return own;
    }
}
