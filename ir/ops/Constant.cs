using System.Runtime.CompilerServices;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>A tensor of numbers known at compile time. Two constants are equal when they hold the same object or, being small, the same bytes.</summary>
public sealed record Constant(Tensor Tensor) : Op
{
    private const long ComparedBytes = 4096;

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(0);
        c.Output(Tensor.TypeIn(c.Dims));
    }

    public override void Evaluate(EvaluateContext c) => c.SetOutput(0, Tensor);

    public bool Equals(Constant? other) => other is not null && (ReferenceEquals(Tensor, other.Tensor)
        || (Tensor.Bytes.Length <= ComparedBytes && Tensor.Element == other.Tensor.Element
            && Tensor.Dims.AsSpan().SequenceEqual(other.Tensor.Dims) && Tensor.Bytes.SequenceEqual(other.Tensor.Bytes)));

    public override int GetHashCode()
    {
        if (Tensor.Bytes.Length > ComparedBytes)
        {
            return RuntimeHelpers.GetHashCode(Tensor);
        }

        var hash = default(HashCode);
        hash.Add(Tensor.Element);
        hash.AddBytes(Tensor.Bytes);
        return hash.ToHashCode();
    }

    /// <summary>Nothing flows into a constant.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
    }
}
