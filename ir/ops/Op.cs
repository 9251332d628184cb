namespace Dlc.IR.Ops;

/// <summary>
/// An operator with its attributes: all that is true of it on every target. An op is an immutable record in one file; two nodes with equal
/// ops and inputs compute the same. It lowers in one of three ways: as an <see cref="IIndexFunction"/>, as <see cref="ILoops"/>, or by a
/// scheduled template of the lowering (matmul, convolution, reduction, control flow).
/// </summary>
public abstract record Op
{
    /// <summary>The name in the text form and in reports.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>
    /// True for an <see cref="IIndexFunction"/> whose every element costs a loop or more: fusion must not compute it twice.
    /// </summary>
    public virtual bool IsHeavy => false;

    /// <summary>False for ops that must stay although nobody reads their result, and may not merge with equal ones (BindDim).</summary>
    public virtual bool IsPure => true;

    /// <summary>Checks the inputs and gives the output types; teaches facts on the way.</summary>
    public abstract void Infer(InferContext c);

    /// <summary>The reference semantics, slow and obvious: the oracle of tests and the constant folder.</summary>
    public abstract void Evaluate(EvaluateContext c);

    /// <summary>
    /// Gives the gradients of the inputs from those of the outputs, made of other operators. Called where the loss depends on a float output and an
    /// input's gradient is wanted; giving none says that it is 0. Control flow is differentiated by the pass itself.
    /// </summary>
    /// <exception cref="NoDerivativeException">The operator has no derivative, or not with these attributes.</exception>
    public virtual void Differentiate(DifferentiateContext c) => throw DifferentiateContext.NoDerivative("it has no derivative");

    /// <summary>
    /// Appends operators that compute the same and have derivatives, and gives their results: for operators that have none of their own. They take the
    /// operator's place where gradients flow through it. Null where there are none.
    /// </summary>
    public virtual Value[]? Decompose(OpWriter writer, IReadOnlyList<Value> inputs) => null;
}
